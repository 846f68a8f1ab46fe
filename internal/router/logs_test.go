package router

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"
)

func invoke(program solana.PublicKey, depth int) string {
	return fmt.Sprintf("Program %s invoke [%d]", program, depth)
}

func success(program solana.PublicKey) string { return fmt.Sprintf("Program %s success", program) }

// eventsOfTheVectors rebuilds the vectors' events from their fields; InvestorPayoutPage has no vector.
func eventsOfTheVectors(t testing.TB) []Event {
	t.Helper()
	var out []Event
	for _, v := range golden(t).Events {
		var f struct {
			goldenTerms
			Vault         solana.PublicKey `json:"vault"`
			PositionOwner solana.PublicKey `json:"position_owner_pda"`
			Policy        solana.PublicKey `json:"policy_config"`
			Progress      solana.PublicKey `json:"distribution_progress"`
			Position      solana.PublicKey `json:"honorary_position"`
			Treasury      solana.PublicKey `json:"treasury_ata"`
			Claimed       uint64           `json:"claimed_amount,string"`
			Base          uint64           `json:"base_amount,string"`
			CreatorPayout uint64           `json:"creator_payout,string"`
			TotalDay      uint64           `json:"total_day_distributed,string"`
			Investors     uint32           `json:"total_investors_processed"`
			Dust          uint64           `json:"final_dust_amount,string"`
			Timestamp     int64            `json:"timestamp,string"`
		}
		require.NoError(t, json.Unmarshal(v.Fields, &f))
		switch v.Name {
		case "HonoraryPositionInitialized":
			out = append(out, HonoraryPositionInitialized{
				f.Vault, f.QuoteMint, f.CreatorWallet, f.ShareBPS, optional(t, f.Cap), number(t, f.MinPayout), number(t, f.Y0),
				f.PositionOwner, f.Policy, f.Progress, f.Timestamp,
			})
		case "QuoteFeesClaimed":
			out = append(out, QuoteFeesClaimed{f.Vault, f.Claimed, f.Base, f.QuoteMint, f.Position, f.Treasury, f.Timestamp})
		case "CreatorPayoutDayClosed":
			out = append(out, CreatorPayoutDayClosed{f.Vault, f.CreatorPayout, f.CreatorWallet, f.TotalDay, f.Investors, f.Dust, f.Timestamp})
		}
	}
	require.Len(t, out, 3)
	return out
}

func TestEvents_EqualTheVectors(t *testing.T) {
	g := golden(t)
	for n, event := range eventsOfTheVectors(t) {
		require.Equal(t, g.Events[n].Name, event.Name())
		require.Equal(t, g.Events[n].LogLine, LogLine(event))
		got, truncated, err := ParseEvents(g.Events[n].Logs, g.ProgramID)
		require.NoError(t, err)
		require.False(t, truncated)
		require.Equal(t, []LoggedEvent{{Event: event, Line: 2, Depth: 1}}, got)
	}
}

func TestEvents_APageRoundTrips(t *testing.T) {
	page := InvestorPayoutPage{named("vault"), 20, 40, 1, 2, 3, 4, -5}
	got, err := DecodeEvent(EncodeEvent(page))
	require.NoError(t, err)
	require.Equal(t, page, got)
	require.Len(t, EncodeEvent(page), 8+32+4+4+8+4+8+8+8)
	_, err = DecodeEvent(EncodeEvent(page)[:80])
	require.ErrorIs(t, err, ErrLength)
	_, err = DecodeEvent(append(EncodeEvent(page), 0))
	require.ErrorIs(t, err, ErrLength)
}

func TestParseEvents_OnlyTheRoutersOwnFrameCounts(t *testing.T) {
	router, other := ProgramDevnet, solana.TokenProgramID
	event := Event(InvestorPayoutPage{Vault: named("vault"), TotalDistributed: 9})
	line := LogLine(event)
	broken := "Program data: " + base64.StdEncoding.EncodeToString(EncodeEvent(event)[:50])
	foreign := "Program data: " + base64.StdEncoding.EncodeToString(make([]byte, 40))
	tests := []struct {
		name      string
		logs      []string
		want      []LoggedEvent
		truncated bool
		err       error
	}{
		{"nothing", nil, nil, false, nil},
		{"the router's event", []string{invoke(router, 1), line, success(router)}, []LoggedEvent{{event, 1, 1}}, false, nil},
		{"another program copies it", []string{invoke(other, 1), line, success(other)}, nil, false, nil},
		{"a program called by the router copies it", []string{invoke(router, 1), invoke(other, 2), line, success(other), success(router)}, nil, false, nil},
		{
			"the router called by another program",
			[]string{invoke(other, 1), invoke(router, 2), line, success(router), line, success(other)},
			[]LoggedEvent{{event, 2, 2}},
			false, nil,
		},
		{"after the router's call", []string{invoke(router, 1), success(router), line}, nil, false, nil},
		{
			"text that imitates a call",
			[]string{invoke(other, 1), "Program log: " + invoke(router, 2), "Program log: Program data: x", line, success(other)},
			nil, false, nil,
		},
		{"a failed call", []string{invoke(router, 1), line, "Program " + router.String() + " failed: custom program error: 0x1777"}, []LoggedEvent{{event, 1, 1}}, false, nil},
		{
			"other lines of the runtime",
			[]string{
				invoke(router, 1), "Program log: Instruction: DistributeFees", "Program consumption: 1 units remaining",
				"Program return: " + router.String() + " AQ==", "Program failed to complete: why", "Program " + router.String() + " consumed 1 of 2 compute units", success(router),
			},
			nil, false, nil,
		},
		{"cut logs", []string{invoke(router, 1), line, "Log truncated"}, []LoggedEvent{{event, 1, 1}}, true, nil},
		{"data that is no event", []string{invoke(router, 1), foreign, "Program data: ", "Program data: !!", line + " AQ==", success(router)}, nil, false, nil},
		{"a broken event", []string{invoke(router, 1), line, broken, success(router)}, []LoggedEvent{{event, 1, 1}}, false, ErrLogs},
		{"a call at the wrong depth", []string{invoke(router, 1), invoke(router, 3)}, nil, false, ErrLogs},
		{"the end of a call that did not begin", []string{success(router)}, nil, false, ErrLogs},
		{"the end of an outer call before the inner one", []string{invoke(other, 1), invoke(router, 2), success(other)}, nil, false, ErrLogs},
		{"a call without an end", []string{invoke(router, 1), line}, []LoggedEvent{{event, 1, 1}}, false, ErrLogs},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, truncated, err := ParseEvents(tt.logs, router)
			require.ErrorIs(t, err, tt.err)
			require.Equal(t, tt.want, got)
			require.Equal(t, tt.truncated, truncated)
		})
	}
}
