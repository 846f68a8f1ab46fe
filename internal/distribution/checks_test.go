package distribution

import (
	"errors"
	"testing"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/router"
	"github.com/meteora-fee-router/feeops/internal/streamflow"
)

// good is evidence with which every check is ok.
func good(t *testing.T) Evidence {
	t.Helper()
	v := aVault(20)
	w := aView(v)
	return Evidence{
		Vault: v, View: w, Manifest: aPlan(t, v, w), Requests: 2, Wall: time.Unix(now, 0), SlotTime: 400 * time.Millisecond,
		Rules:     Rules{MaxInvalidPercent: 5, MinClaimable: 1, Tables: true, ClockSkewWarn: 60, PayerReserve: 10_000_000, UnitPriceCap: 1_000_000, DeadlineMargin: 120},
		Endpoints: []EndpointView{{Name: "a", Usable: true, Advancing: true}, {Name: "b", Usable: true, Advancing: true, Lag: 1}},
	}
}

// continued makes the evidence that of an open day at a cursor.
func continued(e *Evidence, cursor uint32, age int64) {
	e.View.Progress = router.Progress{LastDistributionTS: now - age, PaginationCursor: cursor}
}

// spoiled is one way to make a row's check bad.
type spoiled struct {
	name     string
	spoil    func(e *Evidence)
	want     domain.CheckResult
	observed string
}

// row tests a row: ok with good evidence, and each bad result with what was seen and what was wanted.
func row(t *testing.T, id string, list ...spoiled) {
	t.Helper()
	find := func(t *testing.T, e Evidence) domain.Check {
		t.Helper()
		for _, c := range Evaluate(e) {
			require.NotEmpty(t, c.Observed, c.Row)
			require.NotEmpty(t, c.Threshold, c.Row)
			require.NotEmpty(t, c.Name, c.Row)
			if c.Row == id {
				return c
			}
		}
		require.FailNow(t, "no check", id)
		return domain.Check{}
	}
	t.Run("good", func(t *testing.T) {
		c := find(t, good(t))
		require.Equal(t, domain.CheckOK, c.Result, c.Observed)
	})
	for _, s := range list {
		t.Run(s.name, func(t *testing.T) {
			e := good(t)
			s.spoil(&e)
			c := find(t, e)
			require.Equal(t, s.want, c.Result, c.Observed)
			require.Contains(t, c.Observed, s.observed)
		})
	}
}

func TestP01_EveryCheckIsEvaluatedWhateverAnotherSays(t *testing.T) {
	rows := func(checks domain.Checks) (out []string) {
		for _, c := range checks {
			out = append(out, c.Row)
		}
		return out
	}
	all := rows(Evaluate(good(t)))
	require.Len(t, all, 22)
	require.Equal(t, domain.CheckOK, Evaluate(good(t)).Worst())
	e := good(t)
	e.FlagsErr, e.View.Quote, e.Endpoints, e.View.ProgramSeen = errors.New("disk"), 0, nil, false
	checks := Evaluate(e)
	require.Equal(t, all, rows(checks))
	require.GreaterOrEqual(t, len(checks.Blocking()), 4)
	row(t, "P01")
}

func TestP02_Timing(t *testing.T) {
	row(t, "P02",
		spoiled{"the open day goes on", func(e *Evidence) { continued(e, 9, 500) }, domain.CheckOK, "open at cursor 9"},
		spoiled{"not due is no failure", func(e *Evidence) { continued(e, 9, 500); e.View.Progress.DayComplete = true }, domain.CheckOK, "not due: 23h51m40s"},
		spoiled{"the clock went back", func(e *Evidence) { continued(e, 0, -7) }, domain.CheckFail, "7 s before"},
	)
}

func TestP03_Streams(t *testing.T) {
	row(t, "P03", spoiled{"closed", func(e *Evidence) { e.View.Streams[3].Reason = streamflow.Closed }, domain.CheckWarn, "19 of 20 valid: 1 closed"})
}

func TestP04_InvalidShare(t *testing.T) {
	row(t, "P04",
		spoiled{"one of twenty is 5%", func(e *Evidence) { e.View.Streams[3].Reason = streamflow.Closed }, domain.CheckOK, "1 of 20"},
		spoiled{"two are more", func(e *Evidence) {
			e.View.Streams[3].Reason, e.View.Streams[4].Reason = streamflow.Closed, streamflow.WrongMint
		}, domain.CheckFail, "2 of 20"},
		spoiled{"an empty list", func(e *Evidence) { e.View.Streams = nil }, domain.CheckFail, "0 of 0"},
	)
	for _, tt := range []struct{ n, percent, want int }{{0, 5, 0}, {1, 5, 1}, {19, 5, 1}, {20, 5, 1}, {21, 5, 2}, {100, 0, 0}, {1000, 5, 50}} {
		require.Equal(t, tt.want, allowedInvalid(tt.n, tt.percent), "%d%% of %d", tt.percent, tt.n)
	}
}

func TestP05_Decoding(t *testing.T) {
	row(t, "P05", spoiled{"too short", func(e *Evidence) { e.View.Streams[0].Reason = streamflow.TooShort }, domain.CheckWarn, "19 of 20"})
}

func TestP06_AFailedReadIsUnknown(t *testing.T) {
	row(t, "P06", spoiled{"one was not read", func(e *Evidence) { e.View.Streams = e.View.Streams[1:] }, domain.CheckUnknown, "19 of 20"})
}

func TestP07_Snapshot(t *testing.T) {
	row(t, "P07", spoiled{"far apart", func(e *Evidence) { e.View.MaxSlot += 33 }, domain.CheckWarn, "100–133"})
}

func TestP08_Quarantine(t *testing.T) {
	row(t, "P08", spoiled{"one is left out", func(e *Evidence) {
		e.Manifest.Quarantined = []domain.Quarantined{{Stream: "S", Reason: "closed"}}
	}, domain.CheckWarn, "1 left out, first: S (closed)"})
}

func TestP09_Treasury(t *testing.T) {
	row(t, "P09",
		spoiled{"absent", func(e *Evidence) { e.View.Treasury.Exists = false }, domain.CheckFail, "no account"},
		spoiled{"of another mint", func(e *Evidence) { e.View.Treasury.Valid = false }, domain.CheckFail, "not a token account"},
		spoiled{"of another owner", func(e *Evidence) { e.View.Treasury.Owner = key('x', 0) }, domain.CheckFail, "not a token account"},
		spoiled{"frozen", func(e *Evidence) { e.View.Treasury.Frozen = true }, domain.CheckFail, "frozen"},
		spoiled{"dust is gone", func(e *Evidence) { e.Manifest.Terms.DustIn = 5 }, domain.CheckFail, "holds 0, owes 5"},
		spoiled{"less than the open day owes", func(e *Evidence) {
			continued(e, 9, 500)
			e.View.Progress.CurrentDayDistributed = 300
			e.Manifest.Opening = &domain.Opening{Pool: 1_000, Creator: 400}
			e.View.Treasury.Amount = 1_099
		}, domain.CheckFail, "holds 1099, owes 1100"},
	)
}

func TestP10_Endpoints(t *testing.T) {
	row(t, "P10",
		spoiled{"one is down", func(e *Evidence) { e.Endpoints[0] = EndpointView{Name: "a", Reason: "frozen"} }, domain.CheckWarn, "1 of 2 endpoints usable (a: frozen)"},
		spoiled{"all are down", func(e *Evidence) { e.Endpoints = []EndpointView{{Name: "a", Reason: "frozen"}} }, domain.CheckUnknown, "0 of 1"},
		spoiled{"none at all", func(e *Evidence) { e.Endpoints = nil }, domain.CheckUnknown, "0 of 0"},
	)
}

func TestP11_HealthIsNotBelieved(t *testing.T) {
	row(t, "P11", spoiled{"stands still", func(e *Evidence) { e.Endpoints[1].Advancing = false }, domain.CheckWarn, "1 usable endpoints stand still"})
}

func TestP12_Freshness(t *testing.T) {
	row(t, "P12", spoiled{"nothing to compare", func(e *Evidence) { e.Endpoints = nil }, domain.CheckUnknown, "at most 0 slots"})
}

func TestP13_Gate(t *testing.T) {
	row(t, "P13",
		spoiled{"a flag", func(e *Evidence) {
			e.Flags = []domain.SafetyFlag{{Kind: domain.SafetyIsolate, Actor: "alice", Reason: "strange"}}
		}, domain.CheckFail, "isolate by alice: strange"},
		spoiled{"unreadable is closed", func(e *Evidence) { e.FlagsErr = errors.New("disk") }, domain.CheckFail, "unreadable: disk"},
	)
}

func TestP14_FeePayer(t *testing.T) {
	row(t, "P14",
		spoiled{"into the reserve", func(e *Evidence) { e.View.PayerLamports = 10_000_000 }, domain.CheckWarn, "10000000 lamports"},
		spoiled{"too little", func(e *Evidence) { e.View.PayerLamports = 9_999 }, domain.CheckFail, "9999 lamports"},
		spoiled{"rent of missing accounts counts", func(e *Evidence) {
			for i := range e.Manifest.Entries {
				e.Manifest.Entries[i].NeedsATA = true
			}
			e.View.PayerLamports = 20 * tokenAccountRent
		}, domain.CheckFail, "lamports"},
		spoiled{"not known here", func(e *Evidence) { e.Vault.Payer = solana.PublicKey{} }, domain.CheckUnknown, "cannot be read"},
	)
}

func TestP15_TokenAccounts(t *testing.T) {
	recipient := func(change func(*TokenView)) func(*Evidence) {
		return func(e *Evidence) {
			view := e.View.Recipients[key('r', 2)]
			change(&view)
			e.View.Recipients[key('r', 2)] = view
		}
	}
	row(t, "P15",
		spoiled{"creator's is missing", func(e *Evidence) { e.View.CreatorToken.Exists = false }, domain.CheckWarn, "missing"},
		spoiled{"creator's is frozen", func(e *Evidence) { e.View.CreatorToken.Frozen = true }, domain.CheckFail, "cannot receive"},
		spoiled{"an investor's is frozen", recipient(func(v *TokenView) { v.Frozen = true }), domain.CheckFail, "1 investors"},
		spoiled{"an investor's is of another mint", recipient(func(v *TokenView) { v.Valid = false }), domain.CheckFail, "1 investors"},
		spoiled{"another mint than the settings mean", func(e *Evidence) { e.Vault.Decimals = new(uint8(9)) }, domain.CheckFail, "has 6 decimals, the settings say 9"},
		spoiled{"the mint that the settings mean", func(e *Evidence) { e.Vault.Decimals = new(uint8(6)) }, domain.CheckOK, "all present"},
		spoiled{"an investor's is missing", func(e *Evidence) { e.Manifest.Entries[0].NeedsATA = true }, domain.CheckWarn, "1 investors have no token account"},
	)
}

func TestP16_Fees(t *testing.T) {
	row(t, "P16",
		spoiled{"base fees", func(e *Evidence) { e.View.Base = 1 }, domain.CheckFail, "base 1"},
		spoiled{"none", func(e *Evidence) { e.View.Quote = 0 }, domain.CheckFail, "quote 0"},
		spoiled{"below the settings' least", func(e *Evidence) { e.Rules.MinClaimable, e.View.Quote = 10, 9 }, domain.CheckFail, "quote 9"},
		spoiled{"an open day has claimed already", func(e *Evidence) { continued(e, 9, 500); e.View.Quote = 0 }, domain.CheckOK, "quote 0"},
	)
}

func TestP17_ClockDrift(t *testing.T) {
	row(t, "P17",
		spoiled{"ahead", func(e *Evidence) { e.Wall = time.Unix(now+61, 0) }, domain.CheckWarn, "1m1s"},
		spoiled{"behind", func(e *Evidence) { e.Wall = time.Unix(now-61, 0) }, domain.CheckWarn, "1m1s"},
		spoiled{"a minute is allowed", func(e *Evidence) { e.Wall = time.Unix(now+60, 0) }, domain.CheckOK, "1m0s"},
	)
}

func TestP18_PolicyUnchanged(t *testing.T) {
	last := func(change func(*domain.Manifest)) func(*Evidence) {
		return func(e *Evidence) {
			m := e.Manifest
			change(&m)
			e.Last = &m
		}
	}
	limit := domain.Amount(5)
	deployed := func(was, is domain.ProgramState, accepted string) func(*Evidence) {
		return func(e *Evidence) {
			last(func(m *domain.Manifest) { m.ProgramState = &was })(e)
			e.Manifest.ProgramState, e.Vault.Accepted = &is, accepted
		}
	}
	row(t, "P18",
		spoiled{"the same", last(func(*domain.Manifest) {}), domain.CheckOK, "unchanged since"},
		spoiled{"another share", last(func(m *domain.Manifest) { m.Terms.ShareBPS = 1 }), domain.CheckWarn, "was share 1 bps"},
		spoiled{"another cap", last(func(m *domain.Manifest) { m.Terms.DailyCap = &limit }), domain.CheckWarn, "cap 5; is"},
		spoiled{"deployed anew", deployed(domain.ProgramState{Slot: 7, Authority: "A"}, domain.ProgramState{Slot: 8, Authority: "A"}, ""), domain.CheckFail, "was 7/A, is 8/A"},
		spoiled{"another upgrade authority", deployed(domain.ProgramState{Slot: 7, Authority: "A"}, domain.ProgramState{Slot: 7, Authority: "B"}, ""), domain.CheckFail, "was 7/A, is 7/B"},
		spoiled{"made final", deployed(domain.ProgramState{Slot: 7, Authority: "A"}, domain.ProgramState{Slot: 7}, ""), domain.CheckFail, "was 7/A, is 7/none"},
		spoiled{"deployed anew and accepted", deployed(domain.ProgramState{Slot: 7, Authority: "A"}, domain.ProgramState{Slot: 8, Authority: "A"}, "8/A"), domain.CheckOK, "unchanged since"},
		spoiled{"another one than was accepted", deployed(domain.ProgramState{Slot: 7, Authority: "A"}, domain.ProgramState{Slot: 9, Authority: "A"}, "8/A"), domain.CheckFail, "is 9/A"},
		spoiled{"another program", last(func(m *domain.Manifest) { m.Program = "P" }), domain.CheckFail, "program was P"},
	)
}

func TestP19_InvestorList(t *testing.T) {
	row(t, "P19",
		spoiled{"more than expected", func(e *Evidence) { e.Vault.Expected = 19 }, domain.CheckWarn, "20 streams"},
		spoiled{"a duplicate", func(e *Evidence) { e.Manifest.Quarantined = []domain.Quarantined{{Reason: "duplicate"}} }, domain.CheckFail, "1 duplicates"},
		spoiled{"empty", func(e *Evidence) { e.Vault.Streams = nil }, domain.CheckFail, "0 streams"},
	)
}

func TestP20_TimeLeft(t *testing.T) {
	row(t, "P20",
		spoiled{"enough", func(e *Evidence) { continued(e, 0, 500) }, domain.CheckOK, "left before the margin"},
		// Once the day is open it goes on as far as it comes: a failure is a warning then.
		spoiled{"too little", func(e *Evidence) { continued(e, 0, domain.DaySeconds-121) }, domain.CheckWarn, "1s left"},
	)
}

func TestP21_PageFits(t *testing.T) {
	row(t, "P21",
		spoiled{"the wanted size does not fit", func(e *Evidence) { e.Vault.PageSize = 50 }, domain.CheckWarn, "pages of"},
		spoiled{"the wanted size needs too much compute", func(e *Evidence) {
			e.Vault.PageSize, e.Vault.Units = 20, domain.PageUnits{Investors: 12, Units: 870_000}
		}, domain.CheckWarn, "12 investors took 870000 units"},
		spoiled{"published with too many streams", func(e *Evidence) {
			e.Vault.Behaviour = domain.Published
			e.Manifest.Entries = make([]domain.Entry, 51)
		}, domain.CheckFail, "51 streams"},
	)
}

func TestC16_Program(t *testing.T) {
	row(t, "C16",
		spoiled{"no program", func(e *Evidence) { e.View.ProgramSeen = false }, domain.CheckFail, "no executable program"},
		spoiled{"published is refused", func(e *Evidence) { e.Vault.Behaviour = domain.Published }, domain.CheckFail, "creator alone"},
		spoiled{"published is recorded when told so", func(e *Evidence) { e.Vault.Behaviour, e.Rules.RecordUnpaid = domain.Published, true }, domain.CheckWarn, "is recorded"},
	)
}
