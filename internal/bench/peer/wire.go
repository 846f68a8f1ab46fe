package peer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"
	"github.com/gagliardetto/solana-go/rpc/jsonrpc"
	"github.com/gagliardetto/solana-go/rpc/ws"

	"github.com/meteora-fee-router/feeops/internal/router"
)

// Vault is what the client needs to know of a vault.
type Vault struct {
	Program          solana.PublicKey
	Vault            solana.PublicKey
	HonoraryPosition solana.PublicKey
	CPAMMProgram     solana.PublicKey
	Addresses        router.Addresses
	Payer            solana.PrivateKey
	// ATAs are the investors' token accounts by stream, for a program that wants them; nil passes streams only.
	ATAs map[solana.PublicKey]solana.PublicKey
}

// Wire is the script's client on a real JSON-RPC and WebSocket endpoint.
type Wire struct {
	vault Vault
	rpc   *rpc.Client
	ws    *ws.Client
	now   func() time.Time
}

// Dial connects. now is the script's own clock, which it compares with the chain's last opening (row P02).
func Dial(ctx context.Context, url, wsURL string, v Vault, now func() time.Time) (*Wire, error) {
	socket, err := ws.Connect(ctx, wsURL)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", wsURL, err)
	}
	return &Wire{vault: v, rpc: rpc.New(url), ws: socket, now: now}, nil
}

// Close ends the connections.
func (w *Wire) Close() error {
	w.ws.Close()
	return w.rpc.Close()
}

// Status reads policy, progress and treasury, one request each.
func (w *Wire) Status(ctx context.Context) (Status, error) {
	if _, err := w.account(ctx, w.vault.Addresses.Policy); err != nil {
		return Status{}, err
	}
	a, err := w.account(ctx, w.vault.Addresses.Progress)
	if err != nil {
		return Status{}, err
	}
	p, err := router.DecodeProgress(a.Owner, w.vault.Program, a.Data.GetBinary())
	if err != nil {
		return Status{}, err
	}
	// The script swallows a failure here, and so the balance may be missing; nothing depends on it.
	_, _ = w.rpc.GetTokenAccountBalance(ctx, w.vault.Addresses.Treasury, rpc.CommitmentConfirmed)
	left := time.Duration(p.LastDistributionTS+86_400-w.now().Unix()) * time.Second
	return Status{
		Cursor: int(p.PaginationCursor), CanStartNewDay: left <= 0, CanContinueSameDay: left > 0 && !p.DayComplete, Wait: max(left, 0),
	}, nil
}

func (w *Wire) account(ctx context.Context, key solana.PublicKey) (*rpc.Account, error) {
	got, err := w.rpc.GetAccountInfoWithOpts(ctx, key, &rpc.GetAccountInfoOpts{Commitment: rpc.CommitmentConfirmed})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", key, err)
	}
	return got.Value, nil
}

// Exists asks for one account.
func (w *Wire) Exists(ctx context.Context, key solana.PublicKey) (bool, error) {
	_, err := w.account(ctx, key)
	if errors.Is(err, rpc.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Healthy compares the node with itself (row P12). Any failure is "unhealthy".
func (w *Wire) Healthy(ctx context.Context) bool {
	health, err := w.rpc.GetHealth(ctx)
	if err != nil {
		return false
	}
	slot, err := w.rpc.GetSlot(ctx, rpc.CommitmentConfirmed)
	if err != nil {
		return false
	}
	final, err := w.rpc.GetSlot(ctx, rpc.CommitmentFinalized)
	return err == nil && health == rpc.HealthOk && slot-final < 100
}

// DistributeFees looks for the two token accounts, which exist, and sends one legacy transaction without a fee or a limit,
// whose success is its confirmation (row X17).
func (w *Wire) DistributeFees(ctx context.Context, c Call) (string, error) {
	for _, key := range []solana.PublicKey{w.vault.Addresses.Treasury, w.vault.Addresses.Creator} {
		if there, err := w.Exists(ctx, key); err != nil || !there {
			return "", errors.Join(err, fmt.Errorf("token account %s was not found", key))
		}
	}
	recent, err := w.rpc.GetLatestBlockhash(ctx, rpc.CommitmentConfirmed)
	if err != nil {
		return "", err
	}
	tx, err := w.vault.transaction(c, recent.Value.Blockhash)
	if err != nil {
		return "", err
	}
	sig, err := w.rpc.SendTransactionWithOpts(ctx, tx, rpc.TransactionOpts{PreflightCommitment: rpc.CommitmentConfirmed})
	var refused *jsonrpc.RPCError
	if errors.As(err, &refused) {
		return "", errors.New(refused.Message) // As the script prints it, without the logs.
	}
	if err != nil {
		return "", err
	}
	return sig.String(), w.confirm(ctx, sig, recent.Value.LastValidBlockHeight)
}

// transaction builds and signs the call.
func (v Vault) transaction(c Call, hash solana.Hash) (*solana.Transaction, error) {
	call := router.DistributeFees{
		Program: v.Program, Crank: v.Payer.PublicKey(), Vault: v.Vault, HonoraryPosition: v.HonoraryPosition,
		CPAMMProgram: v.CPAMMProgram, Addresses: v.Addresses, PageSize: uint32(c.PageSize),
	}
	if c.Cursor != nil {
		cursor := uint32(*c.Cursor)
		call.Cursor = &cursor
	}
	for _, s := range c.Streams {
		call.Remaining = append(call.Remaining, solana.NewAccountMeta(s, false, false))
		if v.ATAs != nil {
			call.Remaining = append(call.Remaining, solana.NewAccountMeta(v.ATAs[s], true, false))
		}
	}
	tx, err := solana.NewTransaction([]solana.Instruction{call.Instruction()}, hash, solana.TransactionPayer(v.Payer.PublicKey()))
	if err != nil {
		return nil, err
	}
	_, err = tx.Sign(func(solana.PublicKey) *solana.PrivateKey { return &v.Payer })
	return tx, err
}

// packet is the most bytes that a transaction may have (CHAIN.md §4).
const packet = 1232

// Largest is the largest page, up to the wanted one, whose transaction fits a packet: with the next one the script's client
// throws before it sends.
func (v Vault) Largest(streams []solana.PublicKey, wanted int) (int, error) {
	for n := min(wanted, len(streams)); n > 0; n-- {
		tx, err := v.transaction(Call{Streams: streams[:n], PageSize: n, Cursor: new(int)}, solana.Hash{})
		if err != nil {
			return 0, err
		}
		raw, err := tx.MarshalBinary()
		if err != nil {
			return 0, err
		}
		if len(raw) <= packet {
			return n, nil
		}
	}
	return 0, errors.New("not even one stream fits a transaction")
}
