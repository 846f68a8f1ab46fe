package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/meteora-fee-router/feeops/internal/devstack"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/store"
)

const (
	storeName    = "feeops.db" // As the stack's settings name it.
	temporalName = "temporal.db"
	// payerLamports is plenty: a bench measures no empty payer.
	payerLamports = 50_000_000_000
)

// lab is the stack of one case.
type lab struct {
	o     Options
	stack *devstack.Stack
	node  *localnet.Node
	store *store.Store
	sleep func(ctx context.Context, d time.Duration) error // The script's.
}

// newLab starts a chain with the vaults, Temporal and a worker.
func newLab(ctx context.Context, o Options, vaults, investors int) (*lab, error) {
	l := &lab{o: o, sleep: sleep}
	stack, err := devstack.Start(ctx, devstack.Options{
		StateDir: o.StateDir, Worker: o.Worker, Env: o.Env, Tell: func(string) {},
		StartChain: func(ctx context.Context, file string) (devstack.Chain, error) {
			return l.startChain(ctx, file, vaults, investors)
		},
	})
	if err != nil {
		return nil, err
	}
	l.stack = stack
	if l.store, err = store.Open(ctx, "file:"+filepath.Join(stack.Dir, storeName)); err != nil {
		return nil, errors.Join(err, l.close())
	}
	return l, nil
}

func (l *lab) startChain(ctx context.Context, file string, vaults, investors int) (devstack.Chain, error) {
	node, err := localnet.Start(context.WithoutCancel(ctx), localnet.Options{SlotDuration: l.o.Slot, Seed: 1})
	if err != nil {
		return devstack.Chain{}, err
	}
	l.node = node
	chain := devstack.Chain{
		RPC: node.URL(), WS: node.WSURL(), Genesis: node.Bank().Genesis().String(), SlotTime: l.o.Slot,
		Stop: func(context.Context) error { return node.Close() },
	}
	var made []localnet.Vault
	for i := range vaults {
		v, err := l.add(fmt.Sprintf("bench-%d", i+1), investors, bank.Reference)
		if err != nil {
			return chain, errors.Join(err, node.Close())
		}
		made, chain.VaultIDs = append(made, v), append(chain.VaultIDs, v.ID)
	}
	node.Slots(40) // Past the first finalized slots, in which nothing can be asked about the past.
	if err := localnet.WriteVaults(file, made); err != nil {
		return chain, errors.Join(err, node.Close())
	}
	return chain, nil
}

func (l *lab) add(id string, investors int, behaviour bank.Behaviour) (localnet.Vault, error) {
	return l.node.AddVault(localnet.VaultSpec{ID: id, Investors: investors, Behaviour: behaviour, PayerLamports: payerLamports})
}

// nextDay moves the chain's clock past every vault's next due time, with the fees of the day that went by.
func (l *lab) nextDay(ctx context.Context) error {
	jump := time.Duration(domain.DaySeconds)*time.Second + time.Minute
	target := l.node.Bank().UnixTime(bank.Processed) + int64(jump/time.Second)
	l.node.AdvanceClock(jump)
	return until(ctx, func() (bool, error) { return l.node.Bank().UnixTime(bank.Confirmed) >= target, nil })
}

// requests are all that the chain's endpoint has answered.
func (l *lab) requests() (sum uint64) {
	for _, n := range l.node.Requests() {
		sum += n
	}
	return sum
}

// close ends the stack and removes what it left.
func (l *lab) close() error {
	var err error
	if l.store != nil {
		err = l.store.Close()
	}
	return errors.Join(err, l.stack.Stop(context.Background(), false))
}

// measureDisk ends the stack and measures its files: until they are closed most of them lies in a log beside them.
func (l *lab) measureDisk(days int) (*Disk, error) {
	dir := l.stack.Dir
	err := errors.Join(l.store.Close(), l.stack.Stop(context.Background(), true))
	l.store = nil
	var d Disk
	for _, f := range []struct {
		name string
		into *float64
	}{{storeName, &d.Store}, {temporalName, &d.Temporal}} {
		info, statErr := os.Stat(filepath.Join(dir, f.name))
		if statErr != nil {
			err = errors.Join(err, statErr)
			continue
		}
		*f.into = per(float64(info.Size())/1024, days)
	}
	if err = errors.Join(err, os.RemoveAll(dir)); err != nil {
		return nil, err
	}
	return &d, nil
}

// until waits for a condition.
func until(ctx context.Context, f func() (bool, error)) error {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		done, err := f()
		if err != nil || done {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
	}
}
