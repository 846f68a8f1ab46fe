package receipt

import (
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/router"
	"github.com/meteora-fee-router/feeops/internal/seal"
)

// Finding is one check of a receipt.
type Finding struct {
	Check  string             `json:"check"`
	Result domain.CheckResult `json:"result"`
	Seen   string             `json:"seen"`
}

// Findings are all checks that were made.
type Findings []Finding

func (f *Findings) add(check string, err error, seen string, args ...any) bool {
	if err != nil {
		*f = append(*f, Finding{check, domain.CheckFail, err.Error()})
		return false
	}
	*f = append(*f, Finding{check, domain.CheckOK, fmt.Sprintf(seen, args...)})
	return true
}

func (f *Findings) unknown(check, seen string, args ...any) {
	*f = append(*f, Finding{check, domain.CheckUnknown, fmt.Sprintf(seen, args...)})
}

// Worst is the verdict.
func (f Findings) Worst() domain.CheckResult {
	var all domain.Checks
	for _, one := range f {
		all = append(all, domain.Check{Result: one.Result})
	}
	return all.Worst()
}

// VerifyForm checks all that needs no chain: the signature, whose it is, that the lines belong to it, and that they add
// up. want is the operator's key; nil leaves open whose signature it is.
func (r Receipt) VerifyForm(want *seal.Public) Findings {
	var f Findings
	if !f.add("signature", r.verifySignature(), "the statement is as it was signed by key %s", r.Statement.Key) {
		return f // Nothing below would mean anything.
	}
	switch {
	case want == nil:
		f.unknown("signer", "signed by %s: compare it with the key that the operator publishes, or give it with --key", r.Statement.Key)
	case want.String() != r.Statement.Key:
		f.add("signer", fmt.Errorf("signed by %s, and the operator's key is %s", r.Statement.Key, want), "")
	default:
		f.add("signer", nil, "signed by the given key")
	}
	f.add("lines", r.verifyLines(), "%d of the day's %d lines belong to the statement", max(len(r.Lines), len(r.Shares)), r.Statement.Leaves)
	f.add("accounts", r.verifyAccounts(), "every token account is its recipient's")
	if r.Whole() {
		f.add("sums", r.verifySums(), "the lines add up to the total")
	}
	if r.Statement.Behaviour == domain.Reference {
		f.add("conservation", r.verifyConservation(), "claimed and carried in is paid, creator's and carried out")
	}
	return f
}

func (r Receipt) verifySignature() error {
	key, err := seal.ParsePublic(r.Statement.Key)
	if err != nil {
		return err
	}
	b, err := r.Statement.signed()
	if err != nil {
		return err
	}
	if key.Verify(seal.Receipt, b, r.Signature) != nil {
		return fmt.Errorf("%w: the statement was changed after it was signed", seal.ErrSignature)
	}
	return nil
}

func (r Receipt) verifyLines() error {
	raw, err := hex.DecodeString(r.Statement.Root)
	if err != nil || len(raw) != len(hash{}) {
		return fmt.Errorf("the root %q is no hash", r.Statement.Root)
	}
	root := hash(raw)
	if r.Whole() {
		hashes, err := hashesOf(r.Lines)
		if err != nil {
			return err
		}
		if len(r.Lines) != r.Statement.Leaves || rootOf(hashes) != root {
			return fmt.Errorf("%d lines do not give the signed root over %d: a line was changed, added or left out", len(r.Lines), r.Statement.Leaves)
		}
		return nil
	}
	seen := map[int]bool{}
	for _, s := range r.Shares {
		if seen[s.Index] {
			return fmt.Errorf("line %d stands twice", s.Index)
		}
		seen[s.Index] = true
		leaf, err := s.Leaf.hash()
		if err != nil {
			return err
		}
		var proof []hash
		for _, text := range s.Proof {
			b, err := hex.DecodeString(text)
			if err != nil || len(b) != len(hash{}) {
				return fmt.Errorf("line %d: %q is no hash", s.Index, text)
			}
			proof = append(proof, hash(b))
		}
		if err := proved(leaf, s.Index, r.Statement.Leaves, proof, root); err != nil {
			return fmt.Errorf("line %d (stream %s): %w: it was changed, or belongs to another receipt", s.Index, s.Leaf.Stream, err)
		}
	}
	return nil
}

// lines are those that the file has.
func (r Receipt) lines() []Leaf {
	if r.Whole() {
		return r.Lines
	}
	out := make([]Leaf, len(r.Shares))
	for i, s := range r.Shares {
		out[i] = s.Leaf
	}
	return out
}

// verifyAccounts sees that money went to the recipient's own token account and not to one that only stands beside his name.
func (r Receipt) verifyAccounts() error {
	mint, err := solana.PublicKeyFromBase58(r.Statement.Token.Mint)
	if err != nil {
		return fmt.Errorf("mint %q: %w", r.Statement.Token.Mint, err)
	}
	for _, l := range r.lines() {
		if l.Account == "" && l.Paid == 0 {
			continue
		}
		wallet, err := solana.PublicKeyFromBase58(l.Recipient)
		if err != nil {
			return fmt.Errorf("recipient %q: %w", l.Recipient, err)
		}
		want, err := router.ATA(wallet, mint, solana.TokenProgramID)
		if err != nil {
			return err
		}
		if want.String() != l.Account {
			return fmt.Errorf("account %s of stream %s is not the token account of %s", l.Account, l.Stream, l.Recipient)
		}
	}
	return nil
}

func (r Receipt) verifySums() error {
	var paid domain.Amount
	for _, l := range r.Lines {
		var err error
		if paid, err = paid.Add(l.Paid); err != nil {
			return err
		}
	}
	if paid != r.Statement.Figures.Paid {
		return fmt.Errorf("the lines add up to %s base units, and the statement says %s", paid, r.Statement.Figures.Paid)
	}
	return nil
}

func (r Receipt) verifyConservation() error {
	f := r.Statement.Figures
	in, err := domain.Sum(f.Claimed, f.DustIn)
	if err != nil {
		return err
	}
	out, err := domain.Sum(f.Paid, f.Creator, f.DustOut)
	if err != nil {
		return err
	}
	if in != out {
		return fmt.Errorf("claimed %s and carried in %s is not paid %s, creator's %s and carried out %s", f.Claimed, f.DustIn, f.Paid, f.Creator, f.DustOut)
	}
	return nil
}

// transactions are the signatures to look up: all pages, or the opening and those of one investor's lines.
func (r Receipt) transactions() []string {
	out := []string{r.Statement.Opening}
	if r.Whole() {
		for _, p := range r.Statement.Pages {
			out = append(out, p.Signature)
		}
	}
	for _, l := range r.lines() {
		if l.Signature != "" {
			out = append(out, l.Signature)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
