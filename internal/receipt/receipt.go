// Package receipt makes the signed receipt of a vault's day and verifies one against the chain alone. An investor needs
// the file, the operator's public key and any RPC endpoint; no store and no server of ours.
package receipt

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/seal"
)

// version of the form of a receipt.
const version = 1

// Statement is what is signed: the day's totals, its transactions, and the root over all investors' lines.
type Statement struct {
	Version   int              `json:"version"`
	Genesis   string           `json:"genesis"` // Names the chain.
	VaultID   string           `json:"vault_id"`
	Vault     string           `json:"vault"`
	Program   string           `json:"program"`
	Behaviour domain.Behaviour `json:"behaviour"`
	Token     domain.Token     `json:"token"`
	Treasury  string           `json:"treasury"`
	Creator   string           `json:"creator_account"` // Token account of the creator.
	Day       domain.Day       `json:"day"`
	Manifest  string           `json:"manifest"`  // SHA-256 of the day's plan.
	OpenedAt  int64            `json:"opened_at"` // Unix seconds of the chain's clock.
	Opening   string           `json:"opening"`   // Signature of the transaction that opened the day.
	Figures   domain.Figures   `json:"figures"`
	Pages     []Page           `json:"pages"`
	Leaves    int              `json:"leaves"`
	Root      string           `json:"root"` // Over the lines, in hex.
	IssuedAt  time.Time        `json:"issued_at"`
	Key       string           `json:"key"` // Of the signer, in hex.
}

// Page is a transaction that turned a page of the day.
type Page struct {
	Signature string `json:"signature"`
	Cursor    uint32 `json:"cursor"`
	Slot      uint64 `json:"slot"`
	Ours      bool   `json:"ours"` // False: somebody else sent it.
}

// Leaf is one stream's line. Streams of one recipient in one page are paid together, on the first of their lines.
type Leaf struct {
	Stream    string        `json:"stream"`
	Recipient string        `json:"recipient,omitempty"`
	Account   string        `json:"account,omitempty"` // The recipient's token account; empty for a stream that was left out.
	Planned   domain.Amount `json:"planned"`
	Paid      domain.Amount `json:"paid"`
	Signature string        `json:"signature,omitempty"`
	Reason    domain.Reason `json:"reason"`
}

func (l Leaf) hash() (hash, error) {
	b, err := json.Marshal(l)
	if err != nil {
		return hash{}, fmt.Errorf("line of %s: encode: %w", l.Stream, err)
	}
	return leafHash(b), nil
}

// Share is a line with the proof that it belongs to the statement.
type Share struct {
	Leaf  Leaf     `json:"line"`
	Index int      `json:"index"`
	Proof []string `json:"proof"` // Hashes in hex, lowest first.
}

// Receipt is the file: with all lines for the operator, or with one investor's, which is small.
type Receipt struct {
	Statement Statement `json:"statement"`
	Signature string    `json:"signature"` // Of the statement's JSON, for the purpose feeops-receipt-v1.
	Lines     []Leaf    `json:"lines,omitempty"`
	Shares    []Share   `json:"shares,omitempty"`
}

// Whole is true for a receipt with all lines.
func (r Receipt) Whole() bool { return len(r.Shares) == 0 }

func (s Statement) signed() ([]byte, error) {
	s.IssuedAt = s.IssuedAt.UTC()
	return json.Marshal(s)
}

// sign completes a statement over the lines.
func sign(s Statement, lines []Leaf, key *seal.Key) (Receipt, error) {
	hashes, err := hashesOf(lines)
	if err != nil {
		return Receipt{}, err
	}
	root := rootOf(hashes)
	s.Version, s.Leaves, s.Root, s.Key = version, len(lines), hex.EncodeToString(root[:]), key.Public().String()
	b, err := s.signed()
	if err != nil {
		return Receipt{}, fmt.Errorf("receipt of %s for %s: encode: %w", s.VaultID, s.Day, err)
	}
	return Receipt{Statement: s, Signature: key.Sign(seal.Receipt, b), Lines: lines}, nil
}

func hashesOf(lines []Leaf) ([]hash, error) {
	out := make([]hash, len(lines))
	for i, l := range lines {
		var err error
		if out[i], err = l.hash(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// ErrNoInvestor means that nobody of that name is on the receipt.
var ErrNoInvestor = errors.New("the investor is on no line of this day")

// For cuts a whole receipt down to one investor's lines, by wallet, stream or token account.
func (r Receipt) For(investor string) (Receipt, error) {
	hashes, err := hashesOf(r.Lines)
	if err != nil {
		return r, err
	}
	wallets := map[string]bool{investor: true}
	for _, l := range r.Lines { // A stream or an account stands for its wallet: its lines are paid together.
		if (l.Stream == investor || l.Account == investor) && l.Recipient != "" {
			wallets[l.Recipient] = true
		}
	}
	out := Receipt{Statement: r.Statement, Signature: r.Signature}
	for i, l := range r.Lines {
		if !wallets[l.Recipient] && l.Stream != investor {
			continue
		}
		share := Share{Leaf: l, Index: i, Proof: []string{}}
		for _, h := range proofOf(hashes, i) {
			share.Proof = append(share.Proof, hex.EncodeToString(h[:]))
		}
		out.Shares = append(out.Shares, share)
	}
	if len(out.Shares) == 0 {
		return r, fmt.Errorf("%s: %w", investor, ErrNoInvestor)
	}
	return out, nil
}

// maxFile bounds a receipt: 100,000 lines take less.
const maxFile = 64 << 20

// Read reads a receipt's file. What is in it is a claim until it is verified.
func Read(from io.Reader) (Receipt, error) {
	raw, err := io.ReadAll(io.LimitReader(from, maxFile+1))
	if err != nil {
		return Receipt{}, fmt.Errorf("read the receipt: %w", err)
	}
	if len(raw) > maxFile {
		return Receipt{}, fmt.Errorf("the file has more than %d bytes: no receipt has", maxFile)
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	var r Receipt
	if err := d.Decode(&r); err != nil {
		return Receipt{}, fmt.Errorf("the file is no receipt: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Receipt{}, errors.New("the file is no receipt: something follows it")
	}
	switch {
	case r.Statement.Version != version:
		return Receipt{}, fmt.Errorf("the receipt has version %d, this program knows %d", r.Statement.Version, version)
	case len(r.Lines) > 0 && len(r.Shares) > 0:
		return Receipt{}, errors.New("the file has all lines and single ones: it was put together by hand")
	}
	return r, r.sameAs(raw)
}

// sameAs refuses a file that says more than what will be verified: JSON takes a name twice, and the last one counts, so
// that people and other programs may read another amount than the one that was signed. White space alone may differ.
func (r Receipt) sameAs(raw []byte) error {
	var given, own, escaped bytes.Buffer
	if err := json.Compact(&given, raw); err != nil {
		return fmt.Errorf("the file is no receipt: %w", err)
	}
	plain := json.NewEncoder(&own)
	plain.SetEscapeHTML(false) // As commands print it.
	if err := errors.Join(plain.Encode(r), json.NewEncoder(&escaped).Encode(r)); err != nil {
		return fmt.Errorf("the file is no receipt: %w", err)
	}
	same := func(b []byte) bool { return bytes.Equal(given.Bytes(), bytes.TrimSuffix(b, []byte("\n"))) }
	if !same(own.Bytes()) && !same(escaped.Bytes()) {
		return errors.New("the file is not as a receipt is written: a name stands twice, or in another order or form. Ask for the file as it was issued")
	}
	return nil
}
