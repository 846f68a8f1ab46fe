package report

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/report/sheet"
	"github.com/meteora-fee-router/feeops/internal/store"
)

const (
	benchVaults = 1_000
	benchDays   = 30
)

// aMonth is a store with 1,000 vaults and 30 days, 3 pages and 11 measured steps each, until yesterday. The rows are put in
// behind the store's back: its own writes wait for the disk each time.
func aMonth(b *testing.B) *Reporter {
	b.Helper()
	path := filepath.Join(b.TempDir(), "feeops.db")
	s, err := store.Open(b.Context(), "file:"+path)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, s.Close()) })
	db, err := sql.Open("sqlite", path)
	require.NoError(b, err)
	defer func() { require.NoError(b, db.Close()) }()
	tx, err := db.BeginTx(b.Context(), nil)
	require.NoError(b, err)
	insert := func(table string, columns int) *sql.Stmt {
		stmt, err := tx.PrepareContext(b.Context(), "INSERT INTO "+table+" VALUES (?"+strings.Repeat(", ?", columns-1)+")")
		require.NoError(b, err)
		return stmt
	}
	manifests, reports, intents, operations := insert("manifests", 6), insert("reports", 4), insert("intents", 18), insert("operations", 10)
	put := func(stmt *sql.Stmt, args ...any) {
		_, err := stmt.ExecContext(b.Context(), args...)
		require.NoError(b, err)
	}
	const layout = "2006-01-02T15:04:05.000000000Z"
	raw, plan := strings.Repeat("A", 1_600), strings.Repeat("x", 8_000) // As long as 20 investors make them.
	fleet := seen{}
	var ids []string
	for v := range benchVaults {
		id := fmt.Sprintf("vault-%04d", v)
		ids, fleet[id] = append(ids, id), standing(id, domain.Complete, 11*time.Hour, true)
		for d := range benchDays {
			at := chainNow.AddDate(0, 0, d-benchDays)
			r := paidDay(id, domain.DayOf(at.Unix()), usdc, domain.Figures{Claimed: 1_000_000, Paid: 699_990, Creator: 300_000, DustOut: 10})
			r.StartedAt, r.EndedAt = at, at.Add(40*time.Second)
			for p := range 3 {
				r.Signatures = append(r.Signatures, strings.Repeat("5", 84)+fmt.Sprint(p))
			}
			document, err := json.Marshal(r)
			require.NoError(b, err)
			put(manifests, id, string(r.Day), "hash", plan, `{"ts":1}`, at.Unix())
			put(reports, id, string(r.Day), string(r.State), string(document))
			for p := range 3 {
				put(intents, fmt.Sprint(id, d, p), id, string(r.Day), "page", fmt.Sprint("page/", p*9), "finalized", raw, "hash", "1", "1", "", "5000", "1", "1", at.Format(layout), at.Format(layout), "payer", "9000")
			}
			for o := range 11 {
				put(operations, "SendPage", id, at.Add(time.Duration(o)*time.Second).Format(layout), int64(1e9), true, "", r.WorkflowID, r.RunID, 1, 3)
			}
		}
	}
	require.NoError(b, tx.Commit())
	rep := reporter(fleet, ids...)
	rep.Books = s
	return rep
}

// BenchmarkDailyOfAMonth makes the report of one date out of a store of 1,000 vaults and 30 days, all formats included.
func BenchmarkDailyOfAMonth(b *testing.B) {
	r := aMonth(b)
	w, err := DayWindow("2026-11-22", chainNow, time.UTC)
	require.NoError(b, err)
	daily(b, r, w, benchVaults)
}

// BenchmarkDailyOver30Days makes one report of all 30,000 days; the bar is 3 s.
func BenchmarkDailyOver30Days(b *testing.B) {
	r := aMonth(b)
	w := NewWindow("30 days", chainNow.AddDate(0, 0, -benchDays-1), chainNow, chainNow, time.UTC)
	daily(b, r, w, benchVaults*benchDays)
}

func daily(b *testing.B, r *Reporter, w Window, want int) {
	b.Helper()
	size := 0
	for b.Loop() {
		d, err := r.Daily(b.Context(), DailyInput{Window: w})
		require.NoError(b, err)
		require.Len(b, d.Runs, want)
		require.Equal(b, domain.Amount(want)*1_000_000, d.Mints[0].Claimed)
		files, err := sheet.RenderAll(d, sheet.Formats())
		require.NoError(b, err)
		size = 0
		for _, f := range files {
			size += len(f.Body)
		}
	}
	b.ReportMetric(float64(size)/(1<<20), "MiB-written")
}

// BenchmarkMorning1000 looks at 1,000 vaults that are read at once, books and formats included, without the chain.
func BenchmarkMorning1000(b *testing.B) {
	r := aMonth(b)
	for b.Loop() {
		m := r.Morning(b.Context(), nil)
		require.Len(b, m.Vaults, benchVaults)
		_, err := sheet.RenderAll(m, sheet.Formats())
		require.NoError(b, err)
	}
}
