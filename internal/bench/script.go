package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/bench/peer"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
)

const (
	scriptPage    = 20 // The document's default page.
	scriptRetries = 3  // The document's example.
)

// script lets the document's script pay vaults of its own on the case's chain, one after the other as it does, on two days.
// It is given no delay between pages, and the largest page that fits its transactions with the investors' accounts: both in
// its favour. The document's 20 does not fit them, and without them costs more than a call without a compute limit has.
func (l *lab) script(ctx context.Context, vaults, investors int, behaviour bank.Behaviour) (PeerCase, error) {
	out := PeerCase{Behaviour: string(behaviour), Vaults: vaults, Investors: investors}
	var made []localnet.Vault
	for i := range vaults {
		v, err := l.add(fmt.Sprintf("script-%s-%d", behaviour, i+1), investors, behaviour)
		if err != nil {
			return out, err
		}
		made = append(made, v)
	}
	var err error
	if out.PageSize, err = withATAs(made[0]).Largest(made[0].Streams, scriptPage); err != nil {
		return out, err
	}
	if out.First, err = l.scriptDay(ctx, made, out.PageSize); err != nil {
		return out, err
	}
	if err := l.nextDay(ctx); err != nil {
		return out, err
	}
	out.Next, err = l.scriptDay(ctx, made, out.PageSize)
	return out, err
}

func (l *lab) scriptDay(ctx context.Context, vaults []localnet.Vault, page int) (PeerDay, error) {
	var day PeerDay
	asked, began, slot := l.requests(), time.Now(), l.node.Bank().Slot(bank.Processed)
	for _, v := range vaults {
		before, err := v.Progress(l.node.Bank(), bank.Processed)
		if err != nil {
			return day, err
		}
		r, err := l.scriptVault(ctx, v, page)
		if ctx.Err() != nil {
			return day, err // What the script itself throws is its result.
		}
		day.Said, day.Sent, day.Pages = r.Said, day.Sent+r.Attempts, day.Pages+len(r.Pages)
		now, err := v.Progress(l.node.Bank(), bank.Processed)
		if err != nil {
			return day, err
		}
		if now.LastDistributionTS == before.LastDistributionTS {
			continue // It did not even open the day.
		}
		day.Covered += min(int(now.PaginationCursor), len(v.Streams))
		if now.DayComplete {
			day.Complete++
		}
	}
	took := time.Since(began)
	day.Seconds, day.Requests = took.Seconds(), per(float64(l.requests()-asked), len(vaults))
	if day.Pages > 0 {
		day.PagesPerSecond = float64(day.Pages) / took.Seconds()
		day.InvestorsPerSecond = float64(day.Covered) / took.Seconds()
		day.SlotsPerPage = per(float64(l.node.Bank().Slot(bank.Processed)-slot), day.Pages)
	}
	return day, nil
}

func (l *lab) scriptVault(ctx context.Context, v localnet.Vault, page int) (r peer.Result, err error) {
	now := func() time.Time { return time.Unix(l.node.Bank().UnixTime(bank.Confirmed), 0) }
	wire, err := peer.Dial(ctx, l.node.URL(), l.node.WSURL(), peerVault(v), now)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, wire.Close()) }()
	d := peer.Distributor{Config: peer.Config{Streams: v.Streams, PageSize: page, MaxRetries: scriptRetries}, Client: wire, Sleep: l.sleep}
	return d.Start(ctx)
}

// peerVault is a vault with what its program wants to be passed.
func peerVault(v localnet.Vault) peer.Vault {
	if v.Behaviour == bank.Reference {
		return withATAs(v)
	}
	out := withATAs(v)
	out.ATAs = nil
	return out
}

func withATAs(v localnet.Vault) peer.Vault {
	out := peer.Vault{
		ATAs: map[solana.PublicKey]solana.PublicKey{}, Program: v.ProgramID, Vault: v.Vault, HonoraryPosition: v.HonoraryPosition, CPAMMProgram: v.CPAMMProgram, Addresses: v.Addresses, Payer: v.Payer,
	}
	for _, i := range v.Investors {
		out.ATAs[i.Stream] = i.ATA
	}
	return out
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
