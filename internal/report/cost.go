package report

import (
	"context"
	"fmt"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
)

// rentOf is the rent-exempt minimum of an account of so many bytes, in lamports: two years at 3,480 a byte and year, with 128
// bytes for the account itself.
func rentOf(bytes uint64) uint64 { return (128 + bytes) * 3_480 * 2 }

// Sizes of what the operations create, in bytes.
const (
	tokenAccountBytes = 165
	tableHeadBytes    = 56
	tableEntryBytes   = 32
)

// Deposit is rent that lies in lookup tables and comes back when they are closed.
type Deposit struct {
	Tables   int    `json:"tables"`
	Lamports uint64 `json:"lamports"` // Computed from the tables' lengths.
}

// deposit says what lies in the lookup tables that the books know now.
func (r *Reporter) deposit(ctx context.Context) (Deposit, error) {
	tables, err := r.Books.AllTables(ctx)
	out := Deposit{Tables: len(tables)}
	for _, t := range tables {
		out.Lamports += rentOf(tableHeadBytes + tableEntryBytes*uint64(len(t.Addresses)))
	}
	return out, err
}

// Costs are lamports that the fee payers spent, and what for.
type Costs struct {
	FeeLamports    uint64 `json:"fee_lamports"` // All transactions, failed ones too.
	FailedLamports uint64 `json:"failed_fee_lamports"`
	Transactions   int    `json:"transactions"` // Landed.
	Failed         int    `json:"failed"`
	Expired        int    `json:"expired"` // Signed and proved never to land; they cost nothing but time.
	Accounts       int    `json:"accounts_created"`
	// RentLamports is the rent of the token accounts created, computed from their number: it stays with the accounts.
	RentLamports uint64 `json:"rent_lamports"`
}

func (c *Costs) add(o Costs) {
	c.FeeLamports += o.FeeLamports
	c.FailedLamports += o.FailedLamports
	c.Transactions += o.Transactions
	c.Failed += o.Failed
	c.Expired += o.Expired
	c.Accounts += o.Accounts
	c.RentLamports += o.RentLamports
}

func (c *Costs) count(i domain.IntentCost) {
	c.FeeLamports += i.FeeLamports
	switch i.State {
	case domain.IntentFailed:
		c.Failed += i.Count
		c.FailedLamports += i.FeeLamports
	case domain.IntentExpired:
		c.Expired += i.Count
	case domain.IntentConfirmed, domain.IntentFinalized:
		c.Transactions += i.Count
	}
}

// addCosts gives each line what its transactions cost.
func (r *Reporter) addCosts(ctx context.Context, lines []DayLine) error {
	if len(lines) == 0 {
		return nil
	}
	at := map[[2]string]*Costs{}
	first, last := lines[0].Day, lines[0].Day
	for i := range lines {
		at[[2]string{lines[i].Vault, string(lines[i].Day)}] = &lines[i].Cost
		first, last = min(first, lines[i].Day), max(last, lines[i].Day)
	}
	costs, err := r.Books.IntentCosts(ctx, first, last)
	if err != nil {
		return err
	}
	for _, c := range costs {
		if line := at[[2]string{c.Vault, string(c.Day)}]; line != nil {
			line.count(c)
		}
	}
	made, err := r.Books.LandedIntents(ctx, domain.IntentAccounts, first, last)
	if err != nil {
		return err
	}
	for _, i := range made {
		line := at[[2]string{i.Vault, string(i.Day)}]
		if line == nil {
			continue
		}
		n, err := accountsMade(i.Raw)
		if err != nil {
			return fmt.Errorf("transaction %s of %s: %w", i.Signature, i.Vault, err)
		}
		line.Accounts += n
		line.RentLamports += uint64(n) * rentOf(tokenAccountBytes)
	}
	return nil
}

// accountsMade counts the token accounts that a transaction of ours creates.
func accountsMade(raw []byte) (int, error) {
	tx, err := chain.DecodeTransaction(raw)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, in := range tx.Message.Instructions {
		if program, err := tx.Message.Program(in.ProgramIDIndex); err == nil && program == solana.SPLAssociatedTokenAccountProgramID {
			n++
		}
	}
	return n, nil
}

// addEfforts gives each line what its run's activities took.
func (r *Reporter) addEfforts(ctx context.Context, lines []DayLine) error {
	var runs []string
	for _, line := range lines {
		if line.RunID != "" {
			runs = append(runs, line.RunID)
		}
	}
	efforts, err := r.Books.Efforts(ctx, runs)
	if err != nil {
		return err
	}
	for i := range lines {
		if e, ok := efforts[lines[i].RunID]; ok {
			lines[i].Effort = &e
		}
	}
	return nil
}
