package distribution

import (
	"context"
	"encoding/base64"
	"fmt"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
)

// AccountRecord is an account as the chain holds it, for evidence. Data is base64.
type AccountRecord struct {
	Name     string `json:"name"`
	Address  string `json:"address"`
	Exists   bool   `json:"exists"`
	Owner    string `json:"owner,omitempty"`
	Lamports uint64 `json:"lamports"`
	Data     string `json:"data,omitempty"`
}

// VaultRecord is the accounts of a vault at one moment.
type VaultRecord struct {
	Endpoint string          `json:"endpoint"`
	MinSlot  uint64          `json:"min_slot"`
	MaxSlot  uint64          `json:"max_slot"`
	Accounts []AccountRecord `json:"accounts"`
}

// RecordAccounts reads the accounts that decide a vault's day, undecoded: what cannot be understood today may be
// understood later.
func (s *Service) RecordAccounts(ctx context.Context, id string) (VaultRecord, error) {
	v, err := s.vault(id)
	if err != nil {
		return VaultRecord{}, err
	}
	names := []struct {
		name string
		key  solana.PublicKey
	}{
		{"clock", solana.SysVarClockPubkey},
		{"policy", v.Accounts.Policy},
		{"progress", v.Accounts.Progress},
		{"position", v.Position},
		{"treasury", v.Accounts.Treasury},
		{"creator", v.Accounts.Creator},
		{"fee_payer", v.Payer},
		{"program", v.Program},
		{"quote_mint", v.QuoteMint},
	}
	var keys []solana.PublicKey
	for _, n := range names {
		keys = append(keys, n.key)
	}
	snap, err := s.Chain.Snapshot(ctx, keys, chain.ReadOptions{Commitment: rpc.CommitmentConfirmed})
	if err != nil {
		return VaultRecord{}, fmt.Errorf("record accounts of %s: %w", id, err)
	}
	out := VaultRecord{Endpoint: snap.Endpoint, MinSlot: snap.MinSlot, MaxSlot: snap.MaxSlot}
	for _, n := range names {
		a := snap.Accounts[n.key]
		r := AccountRecord{Name: n.name, Address: n.key.String(), Exists: a.Exists, Lamports: a.Lamports}
		if a.Exists {
			r.Owner, r.Data = a.Owner.String(), base64.StdEncoding.EncodeToString(a.Data[:min(len(a.Data), recordedBytes)])
		}
		out.Accounts = append(out.Accounts, r)
	}
	return out, nil
}

// recordedBytes is more than every account of a vault has; a program's code would be megabytes.
const recordedBytes = 4096

// SignatureRecord is a signature of ours with what the chain says of it. Unknown says why the chain's part is missing.
type SignatureRecord struct {
	domain.Intent

	Found   bool     `json:"found"`
	Logs    []string `json:"logs,omitempty"`
	Error   string   `json:"error,omitempty"` // Of the landed transaction.
	Unknown string   `json:"unknown,omitempty"`
}

// recordedSignatures is how many of the newest signatures are looked up.
const recordedSignatures = 12

// RecordSignatures reads a day's signatures, and what became of the newest ones.
func (s *Service) RecordSignatures(ctx context.Context, id string, day domain.Day) ([]SignatureRecord, error) {
	intents, err := s.Store.Intents(ctx, id, day)
	if err != nil {
		return nil, fmt.Errorf("intents of %s for %s: %w", id, day, err)
	}
	out := make([]SignatureRecord, len(intents))
	for n, i := range intents {
		out[n].Intent = i
		if n < len(intents)-recordedSignatures {
			out[n].Unknown = "not looked up: only the newest are"
			continue
		}
		out[n].lookUp(ctx, s.Chain)
	}
	return out, nil
}

func (r *SignatureRecord) lookUp(ctx context.Context, c Chain) {
	sig, err := solana.SignatureFromBase58(r.Signature)
	if err != nil {
		r.Unknown = err.Error()
		return
	}
	tx, found, err := c.Transaction(ctx, sig, rpc.CommitmentConfirmed)
	switch {
	case err != nil:
		r.Unknown = err.Error()
	case found:
		r.Found, r.Logs = true, tx.Logs
		if tx.Err != nil {
			r.Error = tx.Err.Raw
		}
	}
}
