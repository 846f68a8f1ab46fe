package backup_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/backup"
)

// every gives archives at equal distances before now, newest first.
func every(step time.Duration, n int, now time.Time) []backup.Listed {
	var out []backup.Listed
	for i := range n {
		out = append(out, backup.Listed{Label: backup.Label{ID: time.Duration(i).String(), Deployment: "main", MadeAt: now.Add(-time.Duration(i) * step)}, State: backup.Whole})
	}
	return out
}

func TestKeep_ThinsOutAndKeepsOldPoints(t *testing.T) {
	keep := backup.Keep{All: 48 * time.Hour, Days: 30, Months: 12, Least: 3}
	all := every(6*time.Hour, 4*400, noon)
	drop := keep.Drop(all, "main", nil, noon)
	left := map[string]bool{}
	for _, l := range all {
		left[l.ID] = true
	}
	for _, l := range drop {
		delete(left, l.ID)
	}
	require.InDelta(t, 8+28+12, len(left), 3, "two days whole, thirty days of one each, twelve months of one each")
	require.NotContains(t, drop, all[0])
	require.Empty(t, keep.Drop(all[:4*400], "another", nil, noon), "another deployment's are not ours to remove")
}

func TestKeep_WhatIsNotWhole(t *testing.T) {
	at := func(age time.Duration, state string) backup.Listed {
		return backup.Listed{Label: backup.Label{ID: age.String() + state, Deployment: "main", MadeAt: noon.Add(-age)}, State: state}
	}
	year := 365 * 24 * time.Hour
	all := []backup.Listed{
		at(time.Hour, backup.Unfinished), at(30*time.Hour, backup.Unfinished), at(40*time.Hour, backup.Missing), at(2*year, backup.Unreadable), at(3*year, backup.Whole),
	}
	drop := backup.Keep{Least: 1}.Drop(all, "main", nil, noon)
	require.Equal(t, all[1:3], drop, "one that is being made, one for a person to look at, and the only whole one stay")
}

func TestKeep_TheNewestWholeOnesAlwaysStay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := backup.Keep{
			All: time.Duration(rapid.IntRange(0, 100).Draw(t, "all")) * time.Hour, Days: rapid.IntRange(0, 40).Draw(t, "days"),
			Months: rapid.IntRange(0, 14).Draw(t, "months"), Least: rapid.IntRange(1, 5).Draw(t, "least"),
		}
		all := every(time.Duration(rapid.IntRange(1, 1000).Draw(t, "step"))*time.Hour, rapid.IntRange(0, 60).Draw(t, "n"), noon.Add(-time.Duration(rapid.IntRange(0, 20000).Draw(t, "old"))*time.Hour))
		gone := map[string]bool{}
		for _, l := range k.Drop(all, "main", nil, noon) {
			gone[l.ID] = true
		}
		for i, l := range all {
			if i < k.Least && gone[l.ID] {
				t.Fatalf("of the newest %d, %s is gone", k.Least, l.ID)
			}
		}
		rest := all[:0:0]
		for _, l := range all {
			if !gone[l.ID] {
				rest = append(rest, l)
			}
		}
		if again := k.Drop(rest, "main", nil, noon); len(again) > 0 {
			t.Fatalf("a second run at the same time drops %d more", len(again))
		}
	})
}

func TestPrune_RemovesLabelAndArchive(t *testing.T) {
	w := newWorld(t)
	old := w.create()
	w.now = noon.AddDate(0, 2, 0)
	young := w.create()
	all, err := w.place.List(t.Context())
	require.NoError(t, err)
	gone, err := w.place.Prune(t.Context(), backup.Keep{Least: 1}.Drop(all, "main", nil, w.now))
	require.NoError(t, err)
	require.Equal(t, []string{old.ID}, gone)
	all, err = w.place.List(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.Equal(t, young.ID, all[0].ID)
	require.NoFileExists(t, w.archive(old.ID))
}
