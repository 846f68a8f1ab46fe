package audit_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/audit"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

const month = 31 * 24 * time.Hour

func (l *logbook) reviewed() audit.Review {
	l.t.Helper()
	r, err := audit.LastReview(l.t.Context(), l)
	require.NoError(l.t, err)
	return r
}

func TestReview_CountsFromTheOldestEntryThatNobodyHasRead(t *testing.T) {
	l := newLog(t, 0)
	require.Equal(t, domain.CheckOK, l.reviewed().Result(month, at.Add(10*month)), "there is nothing to read")
	l.add(3)
	require.Equal(t, domain.CheckOK, l.reviewed().Result(month, at.Add(month)))
	require.Equal(t, domain.CheckWarn, l.reviewed().Result(month, at.Add(month+time.Second)))
	require.NoError(t, audit.SignOff(t.Context(), l, "bob", 2, "the drill of March", at.Add(month)))
	r := l.reviewed()
	require.Equal(t, "bob", r.By)
	require.Equal(t, []int64{2, 1}, []int64{r.Through, r.New}, "the third was not read, and a review is no work for the next one")
	require.Equal(t, domain.CheckWarn, r.Result(month, at.Add(month+time.Second)), "a review does not make younger what it left out")
	require.NoError(t, audit.SignOff(t.Context(), l, "bob", 4, "all", at.Add(month)))
	require.Equal(t, domain.CheckOK, l.reviewed().Result(month, at.Add(10*month)))
}

func TestReview_GroupsByWhoDidWhat(t *testing.T) {
	l := newLog(t, 2)
	ctx := t.Context()
	require.NoError(t, l.Audit(ctx, store.AuditEntry{At: at.Add(time.Hour), Actor: "bob", Action: "safety.stop"}))
	l.add(1)
	require.Equal(t, []audit.Group{
		{Actor: "ann", Action: "day.start", Entries: 3, First: at, Last: at.Add(1)},
		{Actor: "bob", Action: "safety.stop", Entries: 1, First: at.Add(time.Hour), Last: at.Add(time.Hour)},
	}, l.reviewed().Groups)
}

func TestSignOff_RefusesWhatWasNotRead(t *testing.T) {
	l := newLog(t, 3)
	ctx := t.Context()
	require.NoError(t, audit.SignOff(ctx, l, "bob", 2, "fine", at))
	for name, tt := range map[string]struct {
		through int64
		note    string
		want    string
	}{
		"before the first": {0, "n", "want one of 1 to 4"},
		"after the last":   {5, "n", "want one of 1 to 4"},
		"read before":      {2, "n", "name a later one"},
		"without a word":   {3, " ", "what was found"},
	} {
		err := audit.SignOff(ctx, l, "bob", tt.through, tt.note, at)
		require.ErrorIs(t, err, audit.ErrReview, name)
		require.ErrorContains(t, err, tt.want, name)
	}
	l.change("UPDATE audit SET detail = 'x' WHERE seq = 1")
	err := audit.SignOff(ctx, l, "bob", 3, "fine", at)
	require.ErrorIs(t, err, audit.ErrReview)
	require.ErrorContains(t, err, "broken at entry 1")
	require.Equal(t, int64(2), l.reviewed().Through, "nothing was written down")
}

func TestReview_AnEntryThatNamesNothingIsNoReview(t *testing.T) {
	for _, subject := range []string{"", "all", "-1", "2", "99999999999999999999"} {
		l := newLog(t, 1)
		require.NoError(t, l.Audit(t.Context(), store.AuditEntry{At: at, Actor: "eve", Action: audit.ActionReview, Subject: subject, Detail: "fine"}))
		_, err := audit.LastReview(t.Context(), l)
		require.ErrorIs(t, err, audit.ErrReview, subject)
	}
}

func TestAges_AKeyIsAsOldAsItsFirstUse(t *testing.T) {
	l := newLog(t, 1)
	ctx := t.Context()
	payer, signs, lost := audit.Key{Name: "fee payer A", Use: "pays for alpha"}, audit.Key{Name: "audit key B", Use: "signs"}, audit.Key{Problem: "fee payer of beta: no such file"}
	require.NoError(t, audit.NoteKeys(ctx, l, []audit.Key{payer, lost}, "worker", at))
	require.NoError(t, audit.NoteKeys(ctx, l, []audit.Key{payer, lost}, "worker", at.Add(month)), "a restart makes no key younger")
	log, err := l.AuditLog(ctx, 0, 10)
	require.NoError(t, err)
	require.Len(t, log, 2)
	ages, err := audit.Ages(ctx, l, []audit.Key{payer, signs, lost}, month, at.Add(month))
	require.NoError(t, err)
	require.Equal(t, []domain.CheckResult{domain.CheckOK, domain.CheckUnknown, domain.CheckUnknown}, []domain.CheckResult{ages[0].Result, ages[1].Result, ages[2].Result})
	require.Contains(t, ages[1].Seen, "no worker has used it yet")
	require.Contains(t, ages[2].Seen, "no such file")
	ages, err = audit.Ages(ctx, l, []audit.Key{payer}, month, at.Add(month+time.Second))
	require.NoError(t, err)
	require.Equal(t, domain.CheckWarn, ages[0].Result)
	require.Equal(t, "fee payer A: in use since 2026-03-01, longer than 31 days", ages[0].Seen)
}
