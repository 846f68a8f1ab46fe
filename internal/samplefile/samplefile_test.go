package samplefile_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/samplefile"
)

var at = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func look(minute int) domain.FleetTick {
	now := at.Add(time.Duration(minute) * time.Minute)
	owed := domain.Amount(1<<64 - 1)
	slot := uint64(1<<64 - 1)
	return domain.FleetTick{
		Fleet: domain.FleetSample{At: now, Good: now, Vaults: 2, Read: 1, Error: "b: <no> answer\n", Endpoints: []domain.EndpointSample{{Name: "a", Usable: true, Latency: time.Millisecond}}},
		Vaults: []domain.VaultSample{
			{
				Vault: "a", At: now, State: domain.Running, Token: domain.Token{Mint: "m", Decimals: 6},
				Day:     &domain.DayFigures{Slot: slot, ChainTime: now.Unix(), LastTS: -1, Cursor: 1<<32 - 1, Distributed: owed, Treasury: domain.Balance{State: domain.BalanceValue, Amount: owed}},
				Fees:    &domain.FeeFigures{At: now, Quote: owed},
				Program: &domain.Program{Build: &domain.ProgramState{Slot: slot}},
				Books:   &domain.Books{Owed: &owed, Flags: []domain.SafetyFlag{{Kind: domain.SafetyStop, At: now}}},
				Run:     &domain.RunView{Live: true, State: domain.Paused},
				Track:   &domain.Track{Seen: now, Owed: &owed, Lost: &domain.LostDay{At: now}},
			},
			{Vault: "b", At: now, State: domain.UnknownState, Error: "no answer"},
		},
	}
}

func readAll(r io.Reader) ([]samplefile.Look, error) {
	var out []samplefile.Look
	in := samplefile.NewReader(r)
	for {
		one, err := in.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, one)
	}
}

func TestSamples_ComeBackAsTheyWere(t *testing.T) {
	var b bytes.Buffer
	w := samplefile.NewWriter(&b)
	for m := range 3 {
		require.NoError(t, w.Write(look(m)))
	}
	got, err := readAll(&b)
	require.NoError(t, err)
	require.Len(t, got, 3)
	for m, one := range got {
		want := look(m)
		require.Equal(t, samplefile.Look{At: want.Fleet.At, Fleet: &want.Fleet, Vaults: want.Vaults}, one)
	}
}

func TestReader_NamesTheLineAndWhatIsWrong(t *testing.T) {
	const good = `{"vault":{"vault":"a","at":"2026-03-02T12:00:00Z"}}` + "\n"
	tests := []struct{ name, give, want string }{
		{"no JSON", good + "hello\n", "line 2"},
		{"an unknown key", good + "\n" + `{"vault":{"vault":"a","at":"2026-03-02T12:01:00Z","dya":null}}`, `line 3: not a sample: json: unknown field "dya"`},
		{"a line without end", strings.Repeat("a", 64<<20), "line 1: not a sample: it is longer than"},
		{"neither", "{}\n", `line 1: not a sample: want exactly one of "fleet" and "vault"`},
		{"both", `{"vault":{"vault":"a","at":"2026-03-02T12:00:00Z"},"fleet":{"at":"2026-03-02T12:00:00Z"}}`, "exactly one"},
		{"two objects", strings.TrimSpace(good) + "{}\n", "something stands behind"},
		{"no time", `{"vault":{"vault":"a"}}`, `"at" is missing`},
		{"no name", `{"vault":{"at":"2026-03-02T12:00:00Z"}}`, `"vault" is missing`},
		{"back in time", good + `{"vault":{"vault":"a","at":"2026-03-02T11:59:59Z"}}`, "in the order of time"},
		{"twice", good + good, "a second sample of vault a"},
		{"a zero that might be unknown", `{"vault":{"vault":"a","at":"2026-03-02T12:00:00Z","day":{"chain_time":1}}}`, `treasury state ""`},
		{"an amount as a number", `{"vault":{"vault":"a","at":"2026-03-02T12:00:00Z","fees":{"quote":5}}}`, "line 1"},
		{"a line without end", strings.Repeat("x", 2<<20), "line 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := readAll(strings.NewReader(tt.give))
			require.ErrorIs(t, err, samplefile.ErrBad)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func FuzzReader(f *testing.F) {
	var b bytes.Buffer
	if err := samplefile.NewWriter(&b).Write(look(0)); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte(`{"vault":{"vault":"a","at":"2026-03-02T12:00:00Z"}}`))
	f.Add([]byte("{}\n\n[]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		looks, err := readAll(bytes.NewReader(data))
		if err != nil {
			require.ErrorIs(t, err, samplefile.ErrBad)
			return
		}
		var again bytes.Buffer
		w := samplefile.NewWriter(&again)
		for _, one := range looks {
			if one.Fleet != nil {
				require.NoError(t, w.Write(domain.FleetTick{Fleet: *one.Fleet, Vaults: one.Vaults}))
			} else {
				require.NoError(t, w.Vaults(one.Vaults))
			}
		}
		twice, err := readAll(&again)
		require.NoError(t, err, "what was read can be written and read again")
		require.Len(t, twice, len(looks))
	})
}
