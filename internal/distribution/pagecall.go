package distribution

import (
	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/router"
)

// pageCall is a call of distribute_fees for one vault, as it stands in a transaction. A router that another program called
// leaves no such trace.
type pageCall struct {
	args      router.DistributeFeesArgs
	crank     solana.PublicKey
	remaining []solana.PublicKey // The streams and token accounts behind the fixed accounts.
}

// callsOf finds a vault's page calls and who is behind them: the crank of the first one, or the fee payer.
func callsOf(v Vault, tx *chain.Transaction) (crank solana.PublicKey, calls []pageCall) {
	if len(tx.Keys) > 0 {
		crank = tx.Keys[0]
	}
	if tx.Tx == nil {
		return crank, nil
	}
	for _, in := range tx.Tx.Message.Instructions {
		if int(in.ProgramIDIndex) >= len(tx.Keys) || tx.Keys[in.ProgramIDIndex] != v.Program || len(in.Accounts) < router.FixedAccounts {
			continue
		}
		decoded, err := router.DecodeInstruction(in.Data)
		args, ok := decoded.(router.DistributeFeesArgs)
		if err != nil || !ok {
			continue
		}
		accounts := make([]solana.PublicKey, 0, len(in.Accounts))
		for _, i := range in.Accounts {
			if int(i) < len(tx.Keys) {
				accounts = append(accounts, tx.Keys[i])
			}
		}
		if len(accounts) != len(in.Accounts) || accounts[router.AccountVault] != v.Address {
			continue
		}
		calls = append(calls, pageCall{args, accounts[router.AccountCrank], accounts[router.FixedAccounts:]})
	}
	if len(calls) > 0 {
		crank = calls[0].crank
	}
	return crank, calls
}

// payees are the pairs of the call that turned the page at cursor; nil when no call in the transaction itself did, or
// when the accounts do not come in pairs.
func (t turned) payees(cursor uint32) []router.Payee {
	for _, c := range t.calls {
		if c.args.Cursor == nil && len(t.calls) > 1 || c.args.Cursor != nil && *c.args.Cursor != cursor || len(c.remaining)%2 != 0 {
			continue
		}
		out := make([]router.Payee, 0, len(c.remaining)/2)
		for i := 0; i+1 < len(c.remaining); i += 2 {
			out = append(out, router.Payee{Stream: c.remaining[i], ATA: c.remaining[i+1]})
		}
		return out
	}
	return nil
}
