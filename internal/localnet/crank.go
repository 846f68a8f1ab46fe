package localnet

import (
	"fmt"

	"github.com/gagliardetto/solana-go"
	computebudget "github.com/gagliardetto/solana-go/programs/compute-budget"

	"github.com/meteora-fee-router/feeops/internal/damm"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/localnet/faults"
	"github.com/meteora-fee-router/feeops/internal/localnet/scenario"
	"github.com/meteora-fee-router/feeops/internal/router"
)

// foreignUnits is the compute limit of a stranger's page.
const foreignUnits = 1_400_000

// foreignCranks lets a stranger turn the next page of every open day while an endpoint has the fault of that name: the
// call is open to anyone.
func (n *Node) foreignCranks() {
	for _, s := range n.served() {
		f, on := s.endpoint.Standing(faults.ForeignCrank)
		if !on {
			continue
		}
		for _, v := range n.Vaults() {
			progress, err := v.Progress(n.Bank(), bank.Processed)
			open := err == nil && !progress.DayComplete && progress.PaginationCursor > 0
			if !open {
				continue
			}
			if _, strikes := s.endpoint.Strike(faults.ForeignCrank); !strikes {
				continue
			}
			if err := n.foreignPage(v, progress, uint32(max(f.Value, 1))); err != nil {
				n.options.Logger.Warn("foreign crank did nothing", "vault", v.ID, "error", err)
			}
		}
	}
}

// foreignPage sends one page as a stranger, with its own money.
func (n *Node) foreignPage(v Vault, progress router.Progress, size uint32) error {
	key := scenario.ForeignCrank(n.options.Seed)
	if _, funded := n.Bank().Account(key.PublicKey(), bank.Processed); !funded {
		n.chain.Write(func(b *bank.Bank) {
			b.SetAccount(key.PublicKey(), bank.Account{Lamports: 10 * solana.LAMPORTS_PER_SOL})
		})
	}
	cursor := progress.PaginationCursor
	call := router.DistributeFees{
		Program: v.ProgramID, Crank: key.PublicKey(), Vault: v.Vault, HonoraryPosition: v.HonoraryPosition,
		CPAMMProgram: damm.CPAMMProgram, Addresses: v.Addresses, PageSize: size, Cursor: &cursor,
		Remaining: remaining(v, cursor, size),
	}
	hash, _ := n.Bank().LatestBlockhash(bank.Processed)
	limit := computebudget.NewSetComputeUnitLimitInstruction(foreignUnits).Build()
	tx, err := solana.NewTransaction([]solana.Instruction{limit, call.Instruction()}, hash, solana.TransactionPayer(key.PublicKey()))
	if err != nil {
		return fmt.Errorf("build page at %d: %w", cursor, err)
	}
	if _, err := tx.Sign(func(solana.PublicKey) *solana.PrivateKey { return &key }); err != nil {
		return fmt.Errorf("sign page at %d: %w", cursor, err)
	}
	raw, err := tx.MarshalBinary()
	if err != nil {
		return fmt.Errorf("encode page at %d: %w", cursor, err)
	}
	_, err = n.Bank().Submit(raw, bank.SubmitOptions{})
	return err
}

// remaining are the accounts of a page: for the published behaviour all streams, for the reference one the pairs of the
// streams that are not closed, which is what the day's list holds.
func remaining(v Vault, cursor, size uint32) []*solana.AccountMeta {
	if v.Behaviour == bank.Published {
		return router.PublishedRemaining(v.Streams)
	}
	var valid []router.Payee
	for _, investor := range v.Investors {
		if !investor.Closed {
			valid = append(valid, router.Payee{Stream: investor.Stream, ATA: investor.ATA})
		}
	}
	from := min(int(cursor), len(valid))
	return router.ReferenceRemaining(valid[from:min(from+int(size), len(valid))])
}
