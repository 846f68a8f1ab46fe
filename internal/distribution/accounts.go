package distribution

import (
	"context"
	"fmt"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/lookuptable"
	"github.com/meteora-fee-router/feeops/internal/sender"
)

// accountsBatch is how many token accounts one transaction creates: by bytes more would fit, by compute not much.
const accountsBatch = 8

// Ready counts what was made before the first page.
type Ready struct {
	Created    int // Token accounts.
	Tables     int // Lookup tables created or extended.
	Signatures []string
	Bare       string // Why the pages must do without tables and are shorter than planned; empty otherwise.
}

// EnsureAccounts creates the token accounts that investors and the creator lack, since one missing account fails a
// page (Anchor 3012), and the lookup tables that the pages were sized for. Both are safe to repeat.
func (s *Service) EnsureAccounts(ctx context.Context, id string, day domain.Day, hash string) (Ready, error) {
	v, m, err := s.frozen(ctx, id, day, hash)
	if err != nil {
		return Ready{}, err
	}
	send, err := s.Sender(id)
	if err != nil {
		return Ready{}, err
	}
	var ready Ready
	if err := s.createTokenAccounts(ctx, send, v, m, false, &ready); err != nil {
		return ready, err
	}
	if m.Tables {
		err := s.fillTables(ctx, send, v, m, &ready)
		if !expendable(err) {
			return ready, err
		}
		if err != nil {
			s.Log.Warn("the pages do without lookup tables and take more transactions", "vault", id, "day", day, "error", err)
			ready.Bare = err.Error()
		}
	}
	return ready, nil
}

// expendable is true for a failure of the tables that the day goes on without: what only people can mend, and tables that
// no endpoint shows. A stop, a network that is down and a store that takes nothing would fail the pages as well.
func expendable(err error) bool {
	return err == nil || fault.KindOf(err) == fault.Human || fault.CodeOf(err) == codeTableNotServed
}

// RecreateAccounts creates every token account of the plan that is missing now, also those that were there when it was
// made: somebody may have closed one since.
func (s *Service) RecreateAccounts(ctx context.Context, id string, day domain.Day, hash string) (Ready, error) {
	v, m, err := s.frozen(ctx, id, day, hash)
	if err != nil {
		return Ready{}, err
	}
	send, err := s.Sender(id)
	if err != nil {
		return Ready{}, err
	}
	var ready Ready
	return ready, s.createTokenAccounts(ctx, send, v, m, true, &ready)
}

// createTokenAccounts looks at the chain again: the manifest may be hours old. all looks for those too that the plan saw.
func (s *Service) createTokenAccounts(ctx context.Context, send Sender, v Vault, m domain.Manifest, all bool, ready *Ready) error {
	wallets := map[solana.PublicKey]solana.PublicKey{v.Accounts.Creator: v.Creator}
	keys := []solana.PublicKey{v.Accounts.Creator}
	for _, e := range m.Entries {
		if !e.NeedsATA && !all {
			continue
		}
		ata, err := solana.PublicKeyFromBase58(e.ATA)
		if err != nil {
			return fmt.Errorf("manifest of %s: entry %d: token account %q: %w", v.ID, e.Index, e.ATA, err)
		}
		wallet, err := solana.PublicKeyFromBase58(e.Recipient)
		if err != nil {
			return fmt.Errorf("manifest of %s: entry %d: recipient %q: %w", v.ID, e.Index, e.Recipient, err)
		}
		if _, seen := wallets[ata]; !seen {
			wallets[ata] = wallet
			keys = append(keys, ata)
		}
	}
	snap, err := s.Chain.Snapshot(ctx, keys, chain.ReadOptions{Commitment: rpc.CommitmentConfirmed})
	if err != nil {
		return fmt.Errorf("look for token accounts of %s: %w", v.ID, err)
	}
	var missing []solana.PublicKey
	for _, key := range keys {
		if !snap.Accounts[key].Exists {
			missing = append(missing, key)
		}
	}
	var requests []sender.Request
	for at := 0; at < len(missing); at += accountsBatch {
		batch := missing[at:min(at+accountsBatch, len(missing))]
		r := sender.Request{Vault: v.ID, Day: m.Day, Kind: domain.IntentAccounts, Key: "accounts/" + batch[0].String()}
		for _, key := range batch {
			r.Instructions = append(r.Instructions, lookuptable.CreateTokenAccount(v.Payer, wallets[key], v.QuoteMint, key))
		}
		requests = append(requests, r)
	}
	receipts, err := send.SendAll(ctx, requests)
	if err != nil {
		return fmt.Errorf("create %d token accounts of %s: %w", len(missing), v.ID, err)
	}
	ready.Created = len(missing)
	ready.add(receipts)
	return nil
}

func (r *Ready) add(receipts []sender.Receipt) {
	for _, receipt := range receipts {
		r.Signatures = append(r.Signatures, receipt.Signature)
	}
}
