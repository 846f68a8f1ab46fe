package receipt

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/seal"
)

// Store keeps the books that receipts are made of, and the receipts.
type Store interface {
	Manifest(ctx context.Context, vault string, day domain.Day) (domain.Manifest, bool, error)
	Outcomes(ctx context.Context, vault string, day domain.Day) ([]domain.Outcome, error)
	Pages(ctx context.Context, vault string, day domain.Day) ([]domain.PageResult, error)
	Report(ctx context.Context, vault string, day domain.Day) (domain.DayReport, bool, error)
	SaveReceipt(ctx context.Context, vault string, day domain.Day, at time.Time, document []byte) error
	Receipt(ctx context.Context, vault string, day domain.Day) (document []byte, found bool, err error)
}

// Accounts are the addresses of a vault that its plan does not name.
type Accounts struct {
	Treasury string
	Creator  string // Token account.
}

// Service makes and finds receipts.
type Service struct {
	Store   Store
	Key     *seal.Key                                 // nil: none can be made.
	Genesis func(ctx context.Context) (string, error) // Of the chain that the worker pays on.
	Vaults  map[string]Accounts
}

// Errors of a receipt that cannot be had.
var (
	ErrNone    = errors.New("there is no receipt")
	ErrChanged = errors.New("the books are not those that the receipt was signed over")
)

// Make signs and stores the receipt of a complete day. Repeating it changes nothing.
func (s *Service) Make(ctx context.Context, r domain.DayReport) error {
	what := fmt.Sprintf("receipt of %s for %s", r.Vault, r.Day)
	if s.Key == nil {
		return fmt.Errorf("%s: there is no key to sign with: make one with feeops audit keygen and set audit.key_path", what)
	}
	if r.State != domain.Complete {
		return fmt.Errorf("%s: the day is %s; only a complete one gets a receipt", what, r.State)
	}
	statement, lines, err := s.collect(ctx, r)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	signed, err := sign(statement, lines, s.Key)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	for _, f := range signed.VerifyForm(nil) { // What would not verify is not issued.
		if f.Result == domain.CheckFail {
			return fmt.Errorf("%s is not signed: %s: %s", what, f.Check, f.Seen)
		}
	}
	signed.Lines = nil // They are in the books; Find puts them back and holds them against the root.
	document, err := json.Marshal(signed)
	if err != nil {
		return fmt.Errorf("%s: encode: %w", what, err)
	}
	return s.Store.SaveReceipt(ctx, r.Vault, r.Day, statement.IssuedAt, document)
}

// collect takes the statement and its lines from the books.
func (s *Service) collect(ctx context.Context, r domain.DayReport) (Statement, []Leaf, error) {
	var out Statement
	m, lines, err := s.lines(ctx, r.Vault, r.Day)
	if err != nil {
		return out, nil, err
	}
	if m.Hash != r.Manifest || m.Opening == nil {
		return out, nil, fmt.Errorf("the stored plan %.12s is not the one that was paid (%.12s)", m.Hash, r.Manifest)
	}
	accounts, ok := s.Vaults[r.Vault]
	if !ok {
		return out, nil, fmt.Errorf("vault %s is not in the settings", r.Vault)
	}
	genesis, err := s.Genesis(ctx)
	if err != nil || genesis == "" {
		return out, nil, fmt.Errorf("the chain's genesis hash is not known: %w", errors.Join(err, errors.New("set genesis_hash")))
	}
	pages, err := s.Store.Pages(ctx, r.Vault, r.Day)
	if err != nil {
		return out, nil, err
	}
	out = Statement{
		Genesis: genesis, VaultID: r.Vault, Vault: m.Address, Program: m.Program, Behaviour: m.Behaviour, Token: m.Token,
		Treasury: accounts.Treasury, Creator: accounts.Creator, Day: r.Day, Manifest: m.Hash, OpenedAt: m.Opening.TS, Opening: m.Opening.Signature,
		Figures: r.Result.Figures, Pages: []Page{}, IssuedAt: r.EndedAt.UTC(),
	}
	for _, p := range pages {
		out.Pages = append(out.Pages, Page{Signature: p.Signature, Cursor: p.Cursor, Slot: p.Slot, Ours: p.Ours})
	}
	return out, lines, nil
}

// lines are the books of a day as the receipt has them.
func (s *Service) lines(ctx context.Context, vault string, day domain.Day) (domain.Manifest, []Leaf, error) {
	m, found, err := s.Store.Manifest(ctx, vault, day)
	if err != nil {
		return m, nil, err
	}
	if !found {
		return m, nil, fmt.Errorf("no plan of %s for %s is stored", vault, day)
	}
	outcomes, err := s.Store.Outcomes(ctx, vault, day)
	if err != nil {
		return m, nil, err
	}
	accounts := map[string]string{}
	for _, e := range m.Entries {
		accounts[e.Stream] = e.ATA
	}
	lines := make([]Leaf, len(outcomes))
	for i, o := range outcomes {
		lines[i] = Leaf{Stream: o.Stream, Recipient: o.Recipient, Account: accounts[o.Stream], Planned: o.Planned, Paid: o.Paid, Signature: o.Signature, Reason: o.Reason}
	}
	return m, lines, nil
}

// Find reads the stored receipt of a day with all its lines. ErrNone: there is none; ErrChanged: the books were changed
// after it was signed.
func (s *Service) Find(ctx context.Context, vault string, day domain.Day) (Receipt, error) {
	document, found, err := s.Store.Receipt(ctx, vault, day)
	if err != nil {
		return Receipt{}, err
	}
	if !found {
		return Receipt{}, fmt.Errorf("%s, %s: %w", vault, day, ErrNone)
	}
	var r Receipt
	if err := json.Unmarshal(document, &r); err != nil {
		return r, fmt.Errorf("stored receipt of %s for %s: %w", vault, day, err)
	}
	if _, r.Lines, err = s.lines(ctx, vault, day); err != nil {
		return r, fmt.Errorf("lines of %s for %s: %w", vault, day, err)
	}
	for _, f := range r.VerifyForm(nil) {
		if f.Result == domain.CheckFail {
			return r, fmt.Errorf("receipt of %s for %s: %w: %s: %s", vault, day, ErrChanged, f.Check, f.Seen)
		}
	}
	return r, nil
}

// Remake makes the receipt of a day that was complete before there was a key, or whose receipt could not be made.
func (s *Service) Remake(ctx context.Context, vault string, day domain.Day) error {
	report, found, err := s.Store.Report(ctx, vault, day)
	if err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("no report of %s for %s is stored", vault, day)
	}
	return s.Make(ctx, report)
}
