package domain

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestPageUnits_FitIsTheLargestPageThatTheMeasureAllows(t *testing.T) {
	const room = 1_260_000
	for _, tt := range []struct {
		name string
		give PageUnits
		want uint32
	}{
		{"nothing measured bounds nothing", PageUnits{}, 0},
		{"no units are no measure", PageUnits{Investors: 25}, 0},
		{"no investors are no measure", PageUnits{Units: 1}, 0},
		{"a cheap program is bounded by its own largest page", PageUnits{Investors: 25, Units: 330_000}, MaxPageSize},
		{"five times as dear", PageUnits{Investors: 12, Units: 870_000}, 17},
		{"closer with a larger page", PageUnits{Investors: 17, Units: 1_170_000}, 18},
		{"one investor is always tried", PageUnits{Investors: 1, Units: 1_400_000}, 1},
		{"what is known not to fit is not planned again", PageUnits{Investors: 12, Units: 400_000, Over: 25}, 12},
		{"nor when less than it was measured", PageUnits{Investors: 12, Units: 870_000, Over: 25}, 17},
	} {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.want, tt.give.Fit(room)) })
	}
}

func TestPageUnits_WhatIsPlannedFitsAProgramWhoseCostsAreLinear(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const room = uint64(1_260_000)
		call := rapid.Uint64Range(1, 200_000).Draw(t, "call")
		each := rapid.Uint64Range(1, 400_000).Draw(t, "each")
		u := PageUnits{Investors: rapid.Uint32Range(1, MaxPageSize).Draw(t, "measured")}
		u.Units = call + each*uint64(u.Investors)
		size := u.Fit(room)
		require.NotZero(t, size)
		if size > 1 && size >= u.Investors {
			require.LessOrEqual(t, call+each*uint64(size), room, "never more than there is room for")
		}
		next := PageUnits{Investors: size, Units: call + each*uint64(size)}
		if size >= u.Investors {
			require.GreaterOrEqual(t, next.Fit(room), size, "measured again it does not shrink")
		}
	})
}
