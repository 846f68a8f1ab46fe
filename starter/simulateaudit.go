package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/meteora-fee-router/feeops/internal/chaos/audit"
	"github.com/meteora-fee-router/feeops/internal/report"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// judge recomputes every day from the chain, and holds the saved reports against it.
func (s *simulation) judge(ctx context.Context, r *simulateResult) (err error) {
	if r.Reports, err = s.collect(); err != nil {
		return err
	}
	chain := map[string]map[int64]audit.Day{} // By vault and opening.
	s.chain.node.Slots(64)                    // Whatever could still land has landed.
	var auditors []*audit.Auditor
	var verdicts []audit.Verdict
	for _, vault := range s.chain.vaults {
		id, a := vault.ID, s.auditors[vault.ID]
		v := a.Judge()
		auditors, verdicts = append(auditors, a), append(verdicts, v)
		r.PaidTwice, r.Missed = r.PaidTwice+v.PaidTwice, r.Missed+v.Missed
		chain[id] = map[int64]audit.Day{}
		for _, d := range v.Days {
			if d.Complete {
				r.DaysClosed++
			}
			chain[id][d.Opened] = d
		}
		for _, n := range v.Notes {
			r.Notes = append(r.Notes, id+": "+n)
		}
		if !v.Clean() && len(v.Notes) == 0 {
			r.Notes = append(r.Notes, id+": the auditor is not content")
		}
	}
	r.Notes = append(r.Notes, audit.Together(auditors, verdicts)...)
	for _, path := range r.Reports {
		name := filepath.Base(path)
		if !strings.HasSuffix(name, ".json") {
			continue
		}
		body, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
		switch {
		case strings.HasPrefix(name, "daily-report-"):
			err = s.daily(name, body, chain, r)
		case strings.HasPrefix(name, "weekly-report-"):
			var w report.Weekly
			if err = json.Unmarshal(body, &w); err == nil {
				s.sums(name, w.Window, w.Mints, w.VaultDays, chain, r)
			}
		case strings.HasPrefix(name, "monthly-review-"):
			var m report.Monthly
			if err = json.Unmarshal(body, &m); err == nil {
				s.sums(name, m.Window, m.Metrics.Mints, m.Metrics.VaultDays, chain, r)
			}
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
	}
	if err := s.judgeFaults(ctx, r); err != nil {
		return err
	}
	return s.incidents(ctx, r)
}

func (s *simulation) incidents(ctx context.Context, r *simulateResult) error {
	return s.books(ctx, func(db *store.Store) error {
		list, err := db.Incidents(ctx, store.IncidentFilter{})
		r.Incidents = len(list)
		return err
	})
}

// equal counts one comparison.
func (r *simulateResult) equal(where, what string, reported, chain uint64) {
	r.Compared++
	if reported != chain {
		r.Mismatches++
		r.Notes = append(r.Notes, fmt.Sprintf("%s: %s is %d, the chain shows %d", where, what, reported, chain))
	}
}

// daily compares each vault-day of a daily report, and that none is missing.
func (s *simulation) daily(name string, body []byte, chain map[string]map[int64]audit.Day, r *simulateResult) error {
	var d report.Daily
	if err := json.Unmarshal(body, &d); err != nil {
		return err
	}
	seen := 0
	for _, line := range d.Runs {
		if line.Opened == nil {
			continue
		}
		day, known := chain[line.Vault][*line.Opened]
		where := fmt.Sprintf("%s, %s", name, line.Vault)
		if !known {
			r.Mismatches++
			r.Notes = append(r.Notes, fmt.Sprintf("%s: a day that the chain did not open at %d", where, *line.Opened))
			continue
		}
		seen++
		r.equal(where, "claimed", uint64(line.Claimed), day.Claimed)
		r.equal(where, "paid", uint64(line.Paid), day.Paid)
		r.equal(where, "creator", uint64(line.Creator), day.Creator)
		r.equal(where, "dust in", uint64(line.DustIn), day.DustIn)
		r.equal(where, "dust out", uint64(line.DustOut), day.DustOut)
	}
	want := 0
	for _, days := range chain {
		for opened := range days {
			if opened >= d.Window.From.Unix() && opened < d.Window.To.Unix() {
				want++
			}
		}
	}
	r.equal(name, "vault-days", uint64(seen), uint64(want))
	return nil
}

// sums compares a report's totals with those of the chain's days in its window, by mint.
func (s *simulation) sums(name string, w report.Window, mints []report.MintTotal, vaultDays int, chain map[string]map[int64]audit.Day, r *simulateResult) {
	type total struct{ claimed, paid, creator uint64 }
	want, n := map[string]total{}, 0
	for id, days := range chain {
		mint := s.chain.at(id).QuoteMint.String()
		for opened, d := range days {
			if opened < w.From.Unix() || opened >= min(w.To.Unix(), w.Seen.Unix()+1) {
				continue
			}
			n++
			t := want[mint]
			want[mint] = total{t.claimed + d.Claimed, t.paid + d.Paid, t.creator + d.Creator}
		}
	}
	r.equal(name, "vault-days", uint64(vaultDays), uint64(n))
	for _, m := range mints {
		t := want[m.Token.Mint]
		where := fmt.Sprintf("%s, %s", name, cmp.Or(m.Token.Symbol, m.Token.Mint))
		r.equal(where, "claimed", uint64(m.Claimed), t.claimed)
		r.equal(where, "paid", uint64(m.Paid), t.paid)
		r.equal(where, "creator", uint64(m.Creator), t.creator)
		delete(want, m.Token.Mint)
	}
	for mint, t := range want {
		r.equal(name, mint, 0, t.claimed)
	}
}
