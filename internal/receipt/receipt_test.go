package receipt_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/receipt"
	"github.com/meteora-fee-router/feeops/internal/router"
	"github.com/meteora-fee-router/feeops/internal/seal"
)

const (
	vaultID  = "alpha"
	day      = domain.Day("2026-03-01")
	openedAt = int64(1_772_366_400)
	pageSize = 3
	each     = 1_000 // Base units that every investor gets, the last one nothing.
	creators = 4_000
)

// world is a day in the books and on a chain that says the same, until a test changes one of them.
type world struct {
	t        testing.TB
	key      *seal.Key
	manifest domain.Manifest
	outcomes []domain.Outcome
	pages    []domain.PageResult
	report   domain.DayReport
	receipts map[domain.Day][]byte
	service  *receipt.Service

	genesis  string
	txs      map[string]*chain.Transaction
	down     error
	accounts router.Addresses
	vault    solana.PublicKey
	mint     solana.PublicKey
}

func (w *world) Manifest(context.Context, string, domain.Day) (domain.Manifest, bool, error) {
	return w.manifest, w.manifest.Hash != "", nil
}

func (w *world) Outcomes(context.Context, string, domain.Day) ([]domain.Outcome, error) {
	return w.outcomes, nil
}

func (w *world) Pages(context.Context, string, domain.Day) ([]domain.PageResult, error) {
	return w.pages, nil
}

func (w *world) Report(context.Context, string, domain.Day) (domain.DayReport, bool, error) {
	return w.report, w.report.Vault != "", nil
}

func (w *world) SaveReceipt(_ context.Context, _ string, d domain.Day, _ time.Time, document []byte) error {
	w.receipts[d] = document
	return nil
}

func (w *world) Receipt(_ context.Context, _ string, d domain.Day) ([]byte, bool, error) {
	b, ok := w.receipts[d]
	return b, ok, nil
}

func (w *world) Genesis() string { return w.genesis }

func (w *world) Transaction(_ context.Context, sig solana.Signature, c rpc.CommitmentType) (*chain.Transaction, bool, error) {
	require.Equal(w.t, rpc.CommitmentFinalized, c, "a receipt is about what is final")
	tx, ok := w.txs[sig.String()]
	return tx, ok && w.down == nil, w.down
}

func wallet(i int) solana.PublicKey { return solana.PublicKey{7, byte(i)} }
func stream(i int) solana.PublicKey { return solana.PublicKey{8, byte(i)} }
func signature(n int) solana.Signature {
	return solana.Signature{9, byte(n)}
}

// newWorld pays a day of n investors, three a page. The creator is investor 1 as well.
func newWorld(t testing.TB, n int) *world {
	w := &world{t: t, receipts: map[domain.Day][]byte{}, genesis: solana.Hash{5}.String(), txs: map[string]*chain.Transaction{}, vault: solana.PublicKey{1}, mint: solana.PublicKey{2}}
	var err error
	w.key, err = seal.Generate(rand.Reader)
	require.NoError(t, err)
	w.accounts, err = router.Derive(router.ProgramLocalnet, w.vault, w.mint, wallet(1))
	require.NoError(t, err)
	w.manifest = domain.Manifest{
		Vault: vaultID, Day: day, Behaviour: domain.Reference, Program: router.ProgramLocalnet.String(), Address: w.vault.String(),
		Token: domain.Token{Mint: w.mint.String(), Symbol: "USDC", Decimals: 6}, PageSize: pageSize, Pages: domain.PlanPages(n, pageSize),
	}
	for i := range n {
		w.manifest.Entries = append(w.manifest.Entries, domain.Entry{Index: i, Stream: stream(i).String(), Recipient: wallet(i).String(), ATA: w.account(wallet(i)).String()})
	}
	w.manifest, err = w.manifest.Seal()
	require.NoError(t, err)
	w.manifest.Opening = &domain.Opening{TS: openedAt, Signature: signature(0).String()}
	var paid uint64
	for p, plan := range w.manifest.Pages {
		paid += w.turn(p, plan, p == len(w.manifest.Pages)-1)
	}
	w.outcomes = append(w.outcomes, domain.Outcome{Index: -1, Stream: stream(200).String(), Reason: domain.ReasonQuarantined})
	w.report = domain.DayReport{Vault: vaultID, Day: day, State: domain.Complete, Manifest: w.manifest.Hash, EndedAt: time.Unix(openedAt+60, 0)}
	w.report.Result.Figures = domain.Figures{Claimed: domain.Amount(paid + creators + 7), Paid: domain.Amount(paid), Creator: creators, DustOut: 7}
	w.service = &receipt.Service{
		Store: w, Key: w.key, Genesis: func(context.Context) (string, error) { return w.genesis, nil },
		Vaults: map[string]receipt.Accounts{vaultID: {Treasury: w.accounts.Treasury.String(), Creator: w.accounts.Creator.String()}},
	}
	return w
}

func (w *world) account(wallet solana.PublicKey) solana.PublicKey {
	k, err := router.ATA(wallet, w.mint, solana.TokenProgramID)
	require.NoError(w.t, err)
	return k
}

// turn puts a page into the books and onto the chain.
func (w *world) turn(p int, plan domain.PagePlan, last bool) (paid uint64) {
	sig := signature(p)
	tx := &chain.Transaction{Signature: sig, Slot: uint64(100 + p)}
	treasury := chain.TokenDelta{Account: w.accounts.Treasury, Mint: w.mint, Pre: 1 << 40, Post: 1 << 40}
	grow := func(account solana.PublicKey, by uint64) {
		treasury.Post -= by
		for i := range tx.TokenDeltas {
			if tx.TokenDeltas[i].Account == account {
				tx.TokenDeltas[i].Post += by
				return
			}
		}
		tx.TokenDeltas = append(tx.TokenDeltas, chain.TokenDelta{Account: account, Mint: w.mint, Pre: 50, Post: 50 + by})
	}
	for i := int(plan.Cursor); i < int(plan.Cursor)+plan.Count; i++ {
		amount := uint64(each)
		o := domain.Outcome{Index: i, Stream: stream(i).String(), Recipient: wallet(i).String(), Planned: each, Paid: each, Signature: sig.String(), Reason: domain.ReasonPaid}
		if i == len(w.manifest.Entries)-1 {
			amount, o.Planned, o.Paid, o.Reason = 0, 0, 0, domain.ReasonBelowMinimum
		}
		w.outcomes = append(w.outcomes, o)
		paid += amount
		grow(w.account(wallet(i)), amount)
	}
	at := openedAt + int64(p)
	logs := []string{router.LogLine(router.InvestorPayoutPage{Vault: w.vault, PageStart: plan.Cursor, PageEnd: plan.Cursor + pageSize, Timestamp: at})}
	if p == 0 { // The claim comes in: what the whole day pays out, and the dust.
		n := uint64(len(w.manifest.Entries)-1)*each + creators + 7
		treasury.Post += n
		tx.TokenDeltas = append(tx.TokenDeltas, chain.TokenDelta{Account: solana.PublicKey{66}, Mint: w.mint, Pre: n, Post: 0})
	}
	if last {
		grow(w.accounts.Creator, creators)
		logs = append(logs, router.LogLine(router.CreatorPayoutDayClosed{Vault: w.vault, CreatorPayout: creators, Timestamp: at}))
	}
	tx.TokenDeltas = append(tx.TokenDeltas, treasury, chain.TokenDelta{Account: solana.PublicKey{67}, Mint: solana.PublicKey{68}, Post: 99})
	tx.Logs = append(append([]string{"Program " + router.ProgramLocalnet.String() + " invoke [1]"}, logs...), "Program "+router.ProgramLocalnet.String()+" success")
	w.txs[sig.String()] = tx
	w.pages = append(w.pages, domain.PageResult{Cursor: plan.Cursor, Signature: sig.String(), Slot: tx.Slot, Ours: true, Closed: last})
	return paid
}

// made is the day's receipt with all lines, as it comes out of a file.
func (w *world) made() receipt.Receipt {
	w.t.Helper()
	require.NoError(w.t, w.service.Make(w.t.Context(), w.report))
	r, err := w.service.Find(w.t.Context(), vaultID, day)
	require.NoError(w.t, err)
	return file(w.t, r)
}

func file(t testing.TB, r receipt.Receipt) receipt.Receipt {
	t.Helper()
	b, err := json.Marshal(r)
	require.NoError(t, err)
	out, err := receipt.Read(bytes.NewReader(b))
	require.NoError(t, err)
	return out
}

func (w *world) verify(r receipt.Receipt) receipt.Findings {
	public := w.key.Public()
	f := r.VerifyForm(&public)
	if f.Worst() == domain.CheckFail {
		return f
	}
	return append(f, r.VerifyChain(w.t.Context(), w)...)
}

func TestReceipt_VerifiesAgainstTheChainAlone(t *testing.T) {
	for _, n := range []int{2, 3, 7, 20} {
		w := newWorld(t, n)
		whole := w.made()
		require.True(t, whole.Whole())
		require.Equal(t, domain.CheckOK, w.verify(whole).Worst(), "%d investors: %+v", n, w.verify(whole))
		for i := range n {
			for _, name := range []string{wallet(i).String(), stream(i).String(), w.account(wallet(i)).String()} {
				one, err := whole.For(name)
				require.NoError(t, err)
				require.Len(t, one.Shares, 1)
				require.Empty(t, one.Lines, "an investor's file holds nobody else's line")
				one = file(t, one)
				require.Equal(t, domain.CheckOK, w.verify(one).Worst(), "investor %d of %d: %+v", i, n, w.verify(one))
			}
		}
		out, err := whole.For(stream(200).String())
		require.NoError(t, err, "one who was left out gets a receipt that says so")
		require.Equal(t, domain.ReasonQuarantined, out.Shares[0].Leaf.Reason)
		require.Equal(t, domain.CheckOK, w.verify(file(t, out)).Worst())
		_, err = whole.For(wallet(99).String())
		require.ErrorIs(t, err, receipt.ErrNoInvestor)
	}
}

func TestReceipt_OfOneInvestorIsSmall(t *testing.T) {
	w := newWorld(t, 200)
	whole := w.made()
	one, err := whole.For(wallet(100).String())
	require.NoError(t, err)
	b, err := json.Marshal(one.Shares)
	require.NoError(t, err)
	require.Less(t, len(b), 1_500)
}

func TestReceipt_MadeAgainIsTheSame(t *testing.T) {
	w := newWorld(t, 4)
	require.NoError(t, w.service.Make(t.Context(), w.report))
	first := w.receipts[day]
	require.NoError(t, w.service.Remake(t.Context(), vaultID, day))
	require.Equal(t, string(first), string(w.receipts[day]))
}

func TestReceipt_EveryFalsehoodIsNamed(t *testing.T) {
	tests := []struct {
		name   string
		change func(w *world, r *receipt.Receipt)
		check  string
		want   string
	}{
		{"a total", func(_ *world, r *receipt.Receipt) { r.Statement.Figures.Paid++ }, "signature", "changed after it was signed"},
		{"the day", func(_ *world, r *receipt.Receipt) { r.Statement.Day = "2026-03-02" }, "signature", "changed"},
		{"a page", func(_ *world, r *receipt.Receipt) { r.Statement.Pages = r.Statement.Pages[1:] }, "signature", "changed"},
		{"the signature", func(_ *world, r *receipt.Receipt) { r.Signature = "AAAA" }, "signature", "changed"},
		{"signed with another key", func(w *world, r *receipt.Receipt) {
			other, err := seal.Generate(rand.Reader)
			require.NoError(w.t, err)
			w.service.Key = other
			*r = w.made()
		}, "signer", "the operator's key is"},
		{"a line's amount", func(_ *world, r *receipt.Receipt) { r.Lines[0].Paid++ }, "lines", "a line was changed"},
		{"a line left out", func(_ *world, r *receipt.Receipt) { r.Lines = r.Lines[1:] }, "lines", "left out"},
		{"a line that belongs to another", func(w *world, r *receipt.Receipt) {
			one, err := r.For(wallet(0).String())
			require.NoError(w.t, err)
			one.Shares[0].Leaf.Recipient = wallet(5).String()
			*r = one
		}, "lines", "belongs to another receipt"},
		{"a share at another place", func(w *world, r *receipt.Receipt) {
			one, err := r.For(wallet(0).String())
			require.NoError(w.t, err)
			one.Shares[0].Index = 1
			*r = one
		}, "lines", "signed root"},
		{"a share twice", func(w *world, r *receipt.Receipt) {
			one, err := r.For(wallet(0).String())
			require.NoError(w.t, err)
			one.Shares = append(one.Shares, one.Shares[0])
			*r = one
		}, "lines", "stands twice"},
		{"another chain", func(w *world, _ *receipt.Receipt) { w.genesis = solana.Hash{6}.String() }, "chain", "the receipt is of chain"},
		{"a transaction that is not there", func(w *world, _ *receipt.Receipt) { delete(w.txs, signature(1).String()) }, "transactions", signature(1).String() + " is missing"},
		{"a transaction that failed", func(w *world, _ *receipt.Receipt) {
			w.txs[signature(1).String()].Err = &chain.TxError{}
		}, "transactions", "failed on the chain"},
		{"yesterday's transaction", func(w *world, _ *receipt.Receipt) {
			w.txs[signature(1).String()].Logs[1] = router.LogLine(router.InvestorPayoutPage{Vault: w.vault, Timestamp: openedAt - 1})
		}, "transactions", "another day"},
		{"another opening", func(w *world, _ *receipt.Receipt) {
			w.txs[signature(0).String()].Logs[1] = router.LogLine(router.InvestorPayoutPage{Vault: w.vault, Timestamp: openedAt + 1})
		}, "transactions", "did not open the day"},
		{"another vault's transaction", func(w *world, _ *receipt.Receipt) {
			w.txs[signature(1).String()].Logs[1] = router.LogLine(router.InvestorPayoutPage{Vault: solana.PublicKey{99}, Timestamp: openedAt})
		}, "transactions", "turned no page of vault"},
		{"an account that got less", func(w *world, _ *receipt.Receipt) { w.txs[signature(0).String()].TokenDeltas[0].Post-- }, "payments", "grew by 999 base units"},
		{"somebody who is on no line", func(w *world, _ *receipt.Receipt) {
			tx := w.txs[signature(1).String()]
			tx.TokenDeltas = append(tx.TokenDeltas, chain.TokenDelta{Account: solana.PublicKey{55}, Mint: w.mint, Post: 5})
		}, "totals", "who is on no line"},
		{"a claim that is larger", func(w *world, _ *receipt.Receipt) {
			tx := w.txs[signature(0).String()]
			tx.TokenDeltas[len(tx.TokenDeltas)-2].Post++
		}, "totals", "claimed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, 7)
			r := w.made()
			key := w.key
			tt.change(w, &r)
			w.key = key
			f := w.verify(r)
			require.Equal(t, domain.CheckFail, f.Worst(), "%+v", f)
			for _, one := range f {
				if one.Result == domain.CheckFail {
					require.Equal(t, tt.check, one.Check)
					require.Contains(t, one.Seen, tt.want)
					return
				}
			}
		})
	}
}

func TestReceipt_WhatIsNotKnownIsNotOK(t *testing.T) {
	w := newWorld(t, 4)
	r := w.made()
	require.Equal(t, domain.CheckUnknown, r.VerifyForm(nil).Worst(), "without the operator's key anybody may have signed it")
	w.down = errors.New("timeout")
	require.Equal(t, domain.CheckUnknown, w.verify(r).Worst())
	w.down = nil
	w.txs[signature(1).String()].Logs = []string{"Program " + router.ProgramLocalnet.String() + " invoke [1]", "Log truncated"}
	require.Equal(t, domain.CheckUnknown, w.verify(r).Worst(), "cut logs do not show the day")
	w.genesis = ""
	require.Equal(t, domain.CheckUnknown, w.verify(r).Worst())
}

func TestMake_IssuesNothingThatWouldNotVerify(t *testing.T) {
	tests := []struct {
		name   string
		change func(w *world)
		want   string
	}{
		{"no key", func(w *world) { w.service.Key = nil }, "audit.key_path"},
		{"a day that is not complete", func(w *world) { w.report.State = domain.CompleteUnreconciled }, "only a complete one"},
		{"books that do not add up", func(w *world) { w.outcomes[0].Paid++ }, "sums"},
		{"figures that do not conserve", func(w *world) { w.report.Result.Claimed++ }, "conservation"},
		{"an account of somebody else", func(w *world) { w.manifest.Entries[0].ATA = w.manifest.Entries[1].ATA }, "accounts"},
		{"another plan", func(w *world) { w.report.Manifest = "other" }, "not the one that was paid"},
		{"no opening", func(w *world) { w.manifest.Opening = nil }, "not the one that was paid"},
		{"no plan", func(w *world) { w.manifest = domain.Manifest{} }, "no plan"},
		{"an unknown vault", func(w *world) { w.service.Vaults = nil }, "not in the settings"},
		{"an unknown chain", func(w *world) { w.genesis = "" }, "genesis"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, 4)
			tt.change(w)
			require.ErrorContains(t, w.service.Make(t.Context(), w.report), tt.want)
			require.Empty(t, w.receipts)
		})
	}
}

func TestFind_BooksThatWereChangedAreNotShown(t *testing.T) {
	w := newWorld(t, 4)
	_, err := w.service.Find(t.Context(), vaultID, day)
	require.ErrorIs(t, err, receipt.ErrNone)
	w.made()
	w.outcomes[1].Reason = domain.ReasonCapped
	_, err = w.service.Find(t.Context(), vaultID, day)
	require.ErrorIs(t, err, receipt.ErrChanged)
}

func TestRead_RefusesWhatIsNoReceipt(t *testing.T) {
	w := newWorld(t, 3)
	good, err := json.Marshal(w.made())
	require.NoError(t, err)
	for name, text := range map[string]string{
		"nothing": "", "text": "receipt", "a list": "[]", "cut short": string(good[:len(good)-2]), "two": string(good) + string(good),
		"another version": strings.Replace(string(good), `"version":1`, `"version":2`, 1), "an unknown field": strings.Replace(string(good), `"version":1`, `"version":1,"note":""`, 1),
		"an amount twice, of which the last is true":       twice(string(good), `"paid":"0",`),
		"a name in capitals beside the true one":           twice(string(good), `"PAID":"0",`),
		"a statement before the true one":                  strings.Replace(string(good), `{"statement":`, `{"statement":{},"statement":`, 1),
		"a signature before the true one":                  strings.Replace(string(good), `"signature":`, `"signature":"AAAA","signature":`, 1),
		"a line of somebody else before the true ones":     strings.Replace(string(good), `"lines":`, `"lines":[],"lines":`, 1),
		"an escaped letter, which other programs may miss": strings.Replace(string(good), `"vault_id":"`, `"vault\u005fid":"`, 1),
		"both forms": strings.TrimSuffix(string(good), "}") + `,"shares":[{"line":{},"index":0,"proof":[]}]}`,
	} {
		_, err := receipt.Read(strings.NewReader(text))
		require.Error(t, err, name)
	}
}

// twice puts something before the first amount that was paid.
func twice(file, text string) string { return strings.Replace(file, `"paid":`, text+`"paid":`, 1) }

func TestRead_TakesAReceiptHoweverItIsIndented(t *testing.T) {
	w := newWorld(t, 3)
	r := w.made()
	r.Statement.Token.Symbol = "A&B"
	for _, escape := range []bool{true, false} {
		var file bytes.Buffer
		enc := json.NewEncoder(&file)
		enc.SetIndent("", "\t")
		enc.SetEscapeHTML(escape)
		require.NoError(t, enc.Encode(r))
		got, err := receipt.Read(&file)
		require.NoError(t, err)
		require.Equal(t, r, got)
	}
}

// FuzzRead_AChangedFileIsRefusedOrSaysTheSame changes a true receipt by one piece of text at one place: what still reads
// and verifies is the receipt that was signed.
func FuzzRead_AChangedFileIsRefusedOrSaysTheSame(f *testing.F) {
	w := newWorld(f, 3)
	whole := w.made()
	one, err := whole.For(whole.Lines[0].Stream)
	require.NoError(f, err)
	for i, at := range []uint16{0, 1, 14, 60, 200, 500, 900, 1200, 1500, 2000, 2500, 3000} {
		f.Add(at, uint8(i%4), `"paid":"1",`, i%2 == 0)
		f.Add(at, uint8(1), "0", i%2 == 0)
		f.Add(at, uint8(1), " ", i%2 == 0)
	}
	f.Fuzz(func(t *testing.T, at uint16, cut uint8, put string, all bool) {
		want := whole
		if !all {
			want = one
		}
		file, err := json.Marshal(want)
		require.NoError(t, err)
		from := min(int(at), len(file))
		to := min(from+int(cut), len(file))
		changed := append(append(append([]byte{}, file[:from]...), put...), file[to:]...)
		got, err := receipt.Read(bytes.NewReader(changed))
		if err != nil || got.VerifyForm(nil).Worst() == domain.CheckFail {
			return
		}
		require.Equal(t, want, got, "a changed file verifies: %s", changed)
	})
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"statement":{"version":1,"figures":{"paid":"1"},"pages":[]},"signature":"","shares":[{"line":{"stream":"x"},"index":0,"proof":["00"]}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := receipt.Read(bytes.NewReader(raw))
		if err != nil {
			return
		}
		require.Equal(t, domain.CheckFail, r.VerifyForm(nil)[0].Result, "nobody signed it")
		_ = fmt.Sprint(r.For("x"))
	})
}
