package distribution

import (
	"context"
	"errors"
	"fmt"

	bin "github.com/gagliardetto/binary"
	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/programs/token"
	"github.com/gagliardetto/solana-go/rpc"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/damm"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/router"
	"github.com/meteora-fee-router/feeops/internal/streamflow"
)

// TokenView is a token account as seen at a slot. Absent is not empty (D08).
type TokenView struct {
	Address solana.PublicKey
	Exists  bool
	Valid   bool // It is a token account of the quote mint.
	Owner   solana.PublicKey
	Amount  uint64
	Frozen  bool
}

// StreamView is one registered stream; Reason is empty when the router accepts it.
type StreamView struct {
	Key    solana.PublicKey
	Stream streamflow.Stream
	Reason streamflow.Reason
}

// View is a vault at one slot. Every figure was read: what could not be read made the whole read fail.
type View struct {
	MinSlot, MaxSlot uint64
	ChainTime        int64
	Policy           router.Policy
	Progress         router.Progress
	Quote, Base      uint64 // Claimable fees of the honorary position, base units.
	Treasury         TokenView
	CreatorToken     TokenView
	PayerLamports    uint64
	Decimals         uint8                // Of the quote mint.
	ProgramSeen      bool                 // The program account exists and is executable.
	Program          *domain.ProgramState // nil: its loader knows no upgrades.
	Streams          []StreamView
	Recipients       map[solana.PublicKey]TokenView // By recipient, for valid streams.
}

// Timing is the vault's place in its day by the chain's clock.
func (w View) Timing() domain.Timing {
	return domain.Timing{ChainNow: w.ChainTime, LastTS: w.Progress.LastDistributionTS, Complete: w.Progress.DayComplete}
}

// Reader is what reading a vault needs from the chain.
type Reader interface {
	Snapshot(ctx context.Context, keys []solana.PublicKey, o chain.ReadOptions) (chain.Snapshot, error)
}

// streamPrograms are the owners that the router accepts for a stream.
var streamPrograms = []solana.PublicKey{streamflow.ProgramMainnet, streamflow.ProgramDevnet}

// readVault reads everything that a day depends on. Two rounds of requests: the vault with its streams, then the pool
// and the recipients' token accounts, which the first round names.
func readVault(ctx context.Context, r Reader, v Vault, commitment rpc.CommitmentType) (View, error) {
	keys := append([]solana.PublicKey{
		solana.SysVarClockPubkey, v.Accounts.Policy, v.Accounts.Progress, v.Position, v.Accounts.Treasury,
		v.Accounts.Creator, v.Payer, v.Program, v.QuoteMint,
	}, v.Streams...)
	snap, err := r.Snapshot(ctx, keys, chain.ReadOptions{Commitment: commitment})
	if err != nil {
		return View{}, fmt.Errorf("read vault %s: %w", v.ID, err)
	}
	view := View{MinSlot: snap.MinSlot, MaxSlot: snap.MaxSlot}
	clock, err := chain.DecodeClock(snap.Accounts[solana.SysVarClockPubkey].Data)
	if err != nil {
		return View{}, fmt.Errorf("read vault %s: chain clock: %w", v.ID, err)
	}
	view.ChainTime = clock.UnixTime
	if view.Policy, view.Progress, err = decodeRouter(v, snap); err != nil {
		return View{}, err
	}
	view.Treasury = tokenView(snap.Accounts[v.Accounts.Treasury], v.Accounts.Treasury, v.QuoteMint)
	view.CreatorToken = tokenView(snap.Accounts[v.Accounts.Creator], v.Accounts.Creator, v.QuoteMint)
	view.PayerLamports = snap.Accounts[v.Payer].Lamports
	program := snap.Accounts[v.Program]
	view.ProgramSeen = program.Exists && program.Executable
	if view.Program, err = readProgram(ctx, r, v, program, commitment); err != nil {
		return View{}, err
	}
	if view.Decimals, err = decimals(v, snap.Accounts[v.QuoteMint]); err != nil {
		return View{}, err
	}
	for _, key := range v.Streams {
		a := snap.Accounts[key]
		s, reason := streamflow.Check(a.Owner, streamPrograms, a.Data, v.StreamMint)
		if !a.Exists {
			reason = streamflow.Missing
		}
		view.Streams = append(view.Streams, StreamView{Key: key, Stream: s, Reason: reason})
	}
	return view, view.readSecond(ctx, r, v, snap, commitment)
}

// readSecond reads what the first round pointed to.
func (w *View) readSecond(ctx context.Context, r Reader, v Vault, first chain.Snapshot, c rpc.CommitmentType) error {
	position, err := decodePosition(v, first.Accounts[v.Position])
	if err != nil {
		return err
	}
	keys := []solana.PublicKey{position.Pool}
	ata := map[solana.PublicKey]solana.PublicKey{}
	for _, s := range w.Streams {
		recipient := s.Stream.Recipient
		if _, seen := ata[recipient]; seen || s.Reason != streamflow.Valid {
			continue
		}
		if ata[recipient], err = router.ATA(recipient, v.QuoteMint, solana.TokenProgramID); err != nil {
			return vaultFault(v, "ata", fmt.Errorf("token account of %s: %w", recipient, err), "")
		}
		keys = append(keys, ata[recipient])
	}
	snap, err := r.Snapshot(ctx, keys, chain.ReadOptions{Commitment: c, MinSlot: first.MinSlot})
	if err != nil {
		return fmt.Errorf("read recipients of vault %s: %w", v.ID, err)
	}
	w.MaxSlot = max(w.MaxSlot, snap.MaxSlot)
	if w.Quote, w.Base, err = claimable(v, position, snap.Accounts[position.Pool]); err != nil {
		return err
	}
	w.Recipients = make(map[solana.PublicKey]TokenView, len(ata))
	for recipient, address := range ata {
		w.Recipients[recipient] = tokenView(snap.Accounts[address], address, v.QuoteMint)
	}
	return nil
}

func decodePosition(v Vault, a chain.Account) (damm.Position, error) {
	if !a.Exists {
		return damm.Position{}, vaultFault(v, "position_missing", fmt.Errorf("honorary position %s does not exist", v.Position), "Check honorary_position in the settings and the network of the endpoints")
	}
	position, err := damm.DecodePosition(a.Data)
	if err != nil {
		return position, vaultFault(v, "position_bad", fmt.Errorf("honorary position %s: %w", v.Position, err), "Check honorary_position in the settings")
	}
	return position, nil
}

// claimable is what the position has earned in its pool, in base units of the quote and the base mint.
func claimable(v Vault, position damm.Position, at chain.Account) (quote, base uint64, err error) {
	pool, err := damm.DecodePool(at.Data)
	if err != nil {
		return 0, 0, vaultFault(v, "pool_bad", fmt.Errorf("pool %s of the honorary position: %w", position.Pool, err), "Check honorary_position in the settings")
	}
	a, b := damm.Claimable(pool, position)
	if quote, base, err = pool.Split(v.QuoteMint, a, b); err != nil {
		return 0, 0, vaultFault(v, "pool_mint", err, "Check quote_mint in the settings")
	}
	return quote, base, nil
}

// decodeRouter reads the two accounts of the program, strictly: an account of another program is never believed.
func decodeRouter(v Vault, snap chain.Snapshot) (router.Policy, router.Progress, error) {
	policy, err := decodePolicy(v, snap.Accounts[v.Accounts.Policy])
	if err != nil {
		return router.Policy{}, router.Progress{}, err
	}
	progress, err := decodeProgress(v, snap.Accounts[v.Accounts.Progress])
	return policy, progress, err
}

func decodePolicy(v Vault, a chain.Account) (router.Policy, error) {
	if !a.Exists {
		return router.Policy{}, vaultMissing(v)
	}
	policy, err := router.DecodePolicy(a.Owner, v.Program, a.Data)
	if err != nil {
		return policy, vaultFault(v, "policy_bad", fmt.Errorf("policy %s: %w", v.Accounts.Policy, err), "Do not pay this vault before the program's version is understood")
	}
	return policy, nil
}

func decodeProgress(v Vault, a chain.Account) (router.Progress, error) {
	if !a.Exists {
		return router.Progress{}, vaultMissing(v)
	}
	progress, err := router.DecodeProgress(a.Owner, v.Program, a.Data)
	if err != nil {
		return progress, vaultFault(v, "progress_bad", fmt.Errorf("progress %s: %w", v.Accounts.Progress, err), "Do not pay this vault before the program's version is understood")
	}
	return progress, nil
}

func vaultMissing(v Vault) error {
	return vaultFault(v, "vault_missing", fmt.Errorf("no policy or progress account under program %s", v.Program),
		"Check vault and program_id in the settings, and that the endpoints are of the right network")
}

// decimals reads the quote mint. Only the mint itself knows how its amounts are written.
func decimals(v Vault, a chain.Account) (uint8, error) {
	var mint token.Mint
	if !a.Exists || a.Owner != solana.TokenProgramID {
		return 0, vaultFault(v, "mint_bad", fmt.Errorf("quote mint %s is not a mint of the token program", v.QuoteMint), "Check quote_mint in the settings")
	}
	if err := bin.NewBinDecoder(a.Data).Decode(&mint); err != nil {
		return 0, vaultFault(v, "mint_bad", fmt.Errorf("quote mint %s: %w", v.QuoteMint, err), "Check quote_mint in the settings")
	}
	return mint.Decimals, nil
}

// tokenView judges a token account of the quote mint.
func tokenView(a chain.Account, address, mint solana.PublicKey) TokenView {
	view := TokenView{Address: address, Exists: a.Exists}
	var t token.Account
	if !a.Exists || a.Owner != solana.TokenProgramID || bin.NewBinDecoder(a.Data).Decode(&t) != nil {
		return view
	}
	view.Valid, view.Owner, view.Amount, view.Frozen = t.Mint == mint, t.Owner, t.Amount, t.State == token.Frozen
	return view
}

func vaultFault(v Vault, code string, err error, next string) error {
	var own *fault.Error
	if errors.As(err, &own) {
		return fmt.Errorf("vault %s: %w", v.ID, err)
	}
	return fault.Newf(fault.Human, "vault/"+code, "vault %s: %w", v.ID, err).WithNext(next)
}
