package bank_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/damm"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank/programs"
	"github.com/meteora-fee-router/feeops/internal/router"
	"github.com/meteora-fee-router/feeops/internal/streamflow"
)

// amount is a decimal string of the vectors.
type amount uint64

func (a *amount) UnmarshalJSON(b []byte) error {
	n, err := strconv.ParseUint(strings.Trim(string(b), `"`), 10, 64)
	*a = amount(n)
	return err
}

type goldenCase struct {
	Name  string
	Input struct {
		Claimed   amount
		DustIn    amount `json:"dust_in"`
		ShareBPS  uint16 `json:"share_bps,string"`
		Y0        amount
		MinPayout amount `json:"min_payout"`
		Cap       *amount
		PageSize  uint32 `json:"page_size"`
		Streams   []struct {
			Recipient string
			Locked    amount
		}
	}
	Expected struct {
		Creator, Distributed amount
		DustOut              amount `json:"dust_out"`
		Pages                []struct {
			Cursor      uint32
			CursorAfter uint32 `json:"cursor_after"`
			Total       amount `json:"total_distributed"`
			Processed   uint32 `json:"processed_count"`
			Dust        amount `json:"dust_carried_forward"`
			Cumulative  amount `json:"cumulative_day_distributed"`
			Payouts     []struct {
				Recipient string
				Paid      amount
			}
		}
	}
}

func goldenCases(t *testing.T) []goldenCase {
	raw, err := os.ReadFile("testdata/payouts.json")
	require.NoError(t, err)
	var file struct{ Cases []goldenCase }
	require.NoError(t, json.Unmarshal(raw, &file))
	require.Len(t, file.Cases, 12)
	return file.Cases
}

func (c goldenCase) vault(t *testing.T) *vault {
	in := c.Input
	streams := make([]streamSpec, len(in.Streams))
	for i, s := range in.Streams {
		streams[i] = streamSpec{s.Recipient, uint64(s.Locked)}
	}
	return newVault(t, bank.Reference, router.DayTerms{
		Claimed: uint64(in.Claimed), DustIn: uint64(in.DustIn), ShareBPS: in.ShareBPS, Y0: uint64(in.Y0),
		MinPayout: uint64(in.MinPayout), Cap: (*uint64)(in.Cap),
	}, streams)
}

func TestReferenceDay_RunsTheVectorsAsRealTransactions(t *testing.T) {
	for _, c := range goldenCases(t) {
		t.Run(c.Name, func(t *testing.T) {
			v := c.vault(t)
			size, want := c.Input.PageSize, map[string]uint64{}
			for _, p := range c.Expected.Pages {
				for _, payout := range p.Payouts {
					want[payout.Recipient] += uint64(payout.Paid)
				}
			}
			fits := size <= 25 // 64 locks hold 25 pairs; the one larger page of the vectors goes out in two.
			for n, cursor := 0, uint32(0); !v.progress().DayComplete; n, cursor = n+1, cursor+min(size, 25) {
				r := v.page(cursor, min(size, 25))
				entries := min(int(min(size, 25)), len(v.payees)-int(cursor))
				require.EqualValues(t, 300+30_000+12_000*entries, r.UnitsConsumed, "with two compute budget instructions")
				if fits {
					p := c.Expected.Pages[n]
					require.Equal(t, p.CursorAfter, v.progress().PaginationCursor)
					require.Contains(t, v.eventsOrCut(r), router.InvestorPayoutPage{
						Vault: v.spec.Vault, PageStart: p.Cursor, PageEnd: p.CursorAfter, TotalDistributed: uint64(p.Total),
						ProcessedCount: p.Processed, DustCarriedForward: uint64(p.Dust),
						CumulativeDayDistributed: uint64(p.Cumulative), Timestamp: r.BlockTime,
					})
				}
			}
			for recipient, paid := range want {
				require.Equal(t, paid, v.paid(recipient), recipient)
			}
			require.EqualValues(t, c.Expected.Creator, v.paid("creator"))
			require.EqualValues(t, c.Expected.Distributed, v.progress().CurrentDayDistributed)
			require.EqualValues(t, c.Expected.DustOut, v.progress().CarryOverDust)
			require.EqualValues(t, c.Expected.DustOut, v.balance(v.at.Treasury), "the treasury keeps exactly the dust")
		})
	}
}

// eventsOrCut reads the events of a page whose logs may be cut.
func (v *vault) eventsOrCut(r *bank.Record) []router.Event {
	list, _, err := router.ParseEvents(r.Logs, router.ProgramDevnet)
	require.NoError(v.t, err)
	out := make([]router.Event, len(list))
	for i, e := range list {
		out[i] = e.Event
	}
	return out
}

func plainTerms() router.DayTerms {
	return router.DayTerms{Claimed: 5_000_000, ShareBPS: 7000, Y0: 10_000_000, MinPayout: 1}
}

func TestReferenceDay_PublishesEventsAndTokenDeltas(t *testing.T) {
	v := newVault(t, bank.Reference, plainTerms(), investors(3))
	r := v.page(0, 20)
	events := v.events(r)
	require.Len(t, events, 3)
	require.Equal(t, router.QuoteFeesClaimed{
		Vault: v.spec.Vault, ClaimedAmount: 5_000_000, QuoteMint: v.quote, HonoraryPosition: v.position,
		TreasuryATA: v.at.Treasury, Timestamp: r.BlockTime,
	}, events[0])
	closed := events[2].(router.CreatorPayoutDayClosed)
	require.EqualValues(t, 3, closed.TotalInvestorsProcessed)
	deltas := map[solana.PublicKey]int64{}
	for i, post := range r.PostTokens {
		deltas[r.Keys[post.AccountIndex]] = int64(post.Amount) - int64(r.PreTokens[i].Amount)
	}
	require.EqualValues(t, closed.CreatorPayout, deltas[v.at.Creator])
	require.EqualValues(t, closed.FinalDustAmount, deltas[v.at.Treasury])
	var paid int64
	for _, p := range v.payees {
		paid += deltas[p.ATA]
	}
	require.EqualValues(t, events[1].(router.InvestorPayoutPage).TotalDistributed, paid)
	require.Len(t, r.Inner, 1)
	require.Equal(t, 2, r.Inner[0].Index)
	require.Len(t, r.Inner[0].Instructions, 4, "three investors and the creator")
	require.EqualValues(t, 1<<60-5_000_000, v.balance(v.poolVault))
	require.Zero(t, r.Version)
}

func TestReferenceDay_LockedAmountsAreFrozenAtTheOpening(t *testing.T) {
	v := newVault(t, bank.Reference, plainTerms(), investors(4))
	v.page(0, 2)
	v.stream("stream3", "r3", 1) // Changes after the opening do not count until the next day.
	v.page(2, 2)
	require.InDelta(t, v.paid("r0"), v.paid("r3"), 5)
}

func TestCursorGuard(t *testing.T) {
	v := newVault(t, bank.Reference, plainTerms(), investors(6))
	v.page(0, 2)
	after := v.progress()
	tests := []struct {
		name   string
		cursor uint32
		code   string
	}{
		{"behind: succeeds and does nothing", 0, "null"},
		{"ahead: refused", 4, `{"InstructionError":[2,{"Custom":6005}]}`},
	}
	for _, tt := range tests {
		r := v.send(v.call(tt.cursor, 2))
		require.Equal(t, tt.code, failure(t, r.Err), tt.name)
		require.Equal(t, after, v.progress(), tt.name)
		require.Equal(t, r.PreTokens, r.PostTokens, tt.name)
		require.Empty(t, v.events(r), tt.name)
	}
	v.page(2, 2)
	require.EqualValues(t, 4, v.progress().PaginationCursor)
	v.unguarded = true
	d := v.call(4, 2) // Absent: runs at the chain's cursor.
	v.page(4, 2)
	require.True(t, v.progress().DayComplete)
	v.fails(d, 6020)
}

func TestPageSize_IsOneToFifty(t *testing.T) {
	v := newVault(t, bank.Reference, plainTerms(), investors(3))
	for _, size := range []uint32{0, 51} {
		d := v.call(0, 3)
		d.PageSize = size
		r := v.fails(d, 6005)
		require.Contains(t, strings.Join(r.Logs, "\n"), "Program log: AnchorError occurred. Error Code: InvalidPaginationCursor. Error Number: 6005. Error Message: Invalid pagination cursor.")
		require.Equal(t, "Program 6LHfK4a941ABKnyCfyhUiGhVdQR6z7q8Xnb8uxVb3Zfc failed: custom program error: 0x1775", r.Logs[len(r.Logs)-1])
	}
	v.page(0, 50)
}

func TestTiming(t *testing.T) {
	v := newVault(t, bank.Reference, plainTerms(), investors(4))
	v.page(0, 2)
	opened := v.progress().LastDistributionTS
	v.b.AdvanceClock(-time.Hour)
	v.fails(v.call(2, 2), 6002)
	v.b.AdvanceClock(time.Hour)
	v.page(2, 2)
	v.fails(v.call(0, 2), 6020)
	v.b.AdvanceClock(24 * time.Hour)
	v.accrue(0, 1_000_000)
	v.page(0, 2)
	p := v.progress()
	require.GreaterOrEqual(t, p.LastDistributionTS, opened+86_400, "the day drifts by however late it is opened")
	require.EqualValues(t, 2, p.PaginationCursor)
	require.False(t, p.DayComplete)
}

func TestRollover_LatePageZeroOpensTheNextDayAndOthersAreRefused(t *testing.T) {
	v := newVault(t, bank.Reference, plainTerms(), investors(4))
	v.page(0, 2)
	v.lookup = false
	first, owed := v.progress(), v.balance(v.at.Treasury)
	v.accrue(0, 900_000)
	late, second := v.raw(v.call(0, 2)), v.raw(v.call(2, 2))
	v.b.AdvanceClock(24 * time.Hour)
	require.Equal(t, `{"InstructionError":[2,{"Custom":6005}]}`, failure(t, v.land(second).Err))
	require.Nil(t, v.land(late).Err)
	require.Greater(t, v.progress().LastDistributionTS, first.LastDistributionTS)
	require.EqualValues(t, 2, v.progress().PaginationCursor)
	require.Greater(t, v.balance(v.at.Treasury), owed, "what the old day still owed stays in the treasury")
}

func TestBadStream_StopsTheDayAtItsPage(t *testing.T) {
	for name, tt := range map[string]struct {
		spoil func(*streamflow.Stream)
		owner solana.PublicKey
		code  uint32
	}{
		"closed":      {func(s *streamflow.Stream) { s.Closed = true }, streamflow.ProgramMainnet, 6007},
		"other mint":  {func(s *streamflow.Stream) { s.Mint = pub("x") }, streamflow.ProgramMainnet, 6007},
		"other owner": {func(*streamflow.Stream) {}, solana.TokenProgramID, 6034},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVault(t, bank.Reference, plainTerms(), investors(4))
			v.page(0, 2)
			a, _ := v.b.Account(v.payees[2].Stream, bank.Processed)
			s, err := streamflow.Decode(a.Data)
			require.NoError(t, err)
			tt.spoil(&s)
			v.owned(v.payees[2].Stream, s.Encode(), tt.owner)
			v.fails(v.call(2, 2), tt.code)
			v.owned(v.payees[2].Stream, a.Data, a.Owner)
			v.page(2, 2)
			require.True(t, v.progress().DayComplete)
		})
	}
}

func TestOpening_LeavesInvalidStreamsOutOfTheDay(t *testing.T) {
	v := newVault(t, bank.Reference, plainTerms(), investors(3))
	v.b.DeleteAccount(v.payees[1].Stream)
	v.fails(v.call(0, 20), 6007)
	v.payees = append(v.payees[:1:1], v.payees[2])
	v.page(0, 20)
	require.Zero(t, v.paid("r1"))
	require.True(t, v.progress().DayComplete)
}

func TestPage_WantsExactlyTheListedPairs(t *testing.T) {
	v := newVault(t, bank.Reference, plainTerms(), investors(4))
	d := v.call(0, 2)
	d.Remaining = v.remaining(0, 1)
	v.fails(d, 6007)
	d.Remaining = v.remaining(0, 4)
	v.fails(d, 6007)
	d.Remaining = v.remaining(1, 2)
	v.fails(d, 6007)
	d.Remaining = v.remaining(0, 2)[:3]
	v.fails(d, 6007)
	v.page(0, 2)
}

func TestInvestorATA_MissingFrozenOrForeign(t *testing.T) {
	v := newVault(t, bank.Reference, plainTerms(), investors(2))
	good, _ := v.b.Account(v.payees[1].ATA, bank.Processed)
	v.b.DeleteAccount(v.payees[1].ATA)
	r := v.fails(v.call(0, 20), 3012)
	require.Contains(t, strings.Join(r.Logs, "\n"), "Error Code: AccountNotInitialized. Error Number: 3012.")
	require.EqualValues(t, 1<<60, v.balance(v.poolVault), "the claim of the failed opening is taken back")
	require.Len(t, v.b.ProgramAccounts(router.ProgramDevnet, bank.Processed), 2, "and so is the day's list")
	held, ok := programs.DecodeTokenAccount(&good)
	require.True(t, ok)
	held.State = programs.TokenFrozen
	v.owned(v.payees[1].ATA, held.Encode(), solana.TokenProgramID)
	v.fails(v.call(0, 20), 17)
	v.b.SetAccount(v.payees[1].ATA, good)
	v.tokensAt(pub("private"), pub("r1"), v.quote, 0)
	d := v.call(0, 20)
	d.Remaining[3].PublicKey = pub("private")
	v.fails(d, 3014)
	v.page(0, 20)
}

func TestAccounts_AreCheckedBeforeAnythingElse(t *testing.T) {
	v := newVault(t, bank.Reference, plainTerms(), investors(2))
	v.tokensAt(pub("wrong"), v.at.PositionOwner, v.quote, 5)
	tests := []struct {
		name string
		edit func(*router.DistributeFees)
		code uint32
	}{
		{"treasury", func(d *router.DistributeFees) { d.Addresses.Treasury = pub("wrong") }, 6016},
		{"creator account", func(d *router.DistributeFees) { d.Addresses.Creator = pub("wrong") }, 6017},
		{"policy", func(d *router.DistributeFees) { d.Addresses.Policy = pub("none") }, 3012},
		{"progress", func(d *router.DistributeFees) { d.Addresses.Progress = v.quote }, 3007},
		{"policy of no vault", func(d *router.DistributeFees) { d.Vault = pub("othervault") }, 2006},
		{"position owner", func(d *router.DistributeFees) { d.Addresses.PositionOwner = pub("wrong") }, 2006},
		{"position", func(d *router.DistributeFees) { d.HonoraryPosition = pub("wrong") }, 6032},
		{"cp-amm program", func(d *router.DistributeFees) { d.CPAMMProgram = pub("raydium") }, 6032},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := v.call(0, 20)
			tt.edit(&d)
			v.fails(d, tt.code)
		})
	}
	data := programs.TokenAccount{Mint: pub("base"), Owner: v.at.PositionOwner, State: programs.TokenInitialized}.Encode()
	treasury, _ := v.b.Account(v.at.Treasury, bank.Processed)
	v.owned(v.at.Treasury, data, solana.TokenProgramID)
	v.fails(v.call(0, 20), 6000)
	v.b.SetAccount(v.at.Treasury, treasury)
	v.setProgress(router.Progress{Vault: pub("othervault"), Bump: v.at.ProgressBump})
	v.fails(v.call(0, 20), 6033)
}

func TestClaim_RefusesBaseFeesAndAnEmptyPool(t *testing.T) {
	v := newVault(t, bank.Reference, plainTerms(), investors(2))
	v.accrue(1, 5_000_000)
	r := v.fails(v.call(0, 20), 6001)
	require.Contains(t, r.Logs, "Program log: AnchorError occurred. Error Code: BaseFeeDetected. Error Number: 6001. Error Message: Base fees detected - quote-only enforcement failed.")
	v.accrue(0, 1<<61)
	v.fails(v.call(0, 20), 6030)
}

func TestTreasury_ThatCannotPayFailsThePage(t *testing.T) {
	v := newVault(t, bank.Reference, plainTerms(), investors(4))
	v.page(0, 2)
	held := v.balance(v.at.Treasury)
	v.tokens(v.at.PositionOwner, v.quote, 10)
	v.fails(v.call(2, 2), 6018)
	v.tokens(v.at.PositionOwner, v.quote, held-1_000_000)
	v.fails(v.call(2, 2), 6018)
	v.tokens(v.at.PositionOwner, v.quote, held)
	v.page(2, 2)
}

func TestZeroFeeDay_ConsumesTheWindowAndStaysOpen(t *testing.T) {
	for _, behaviour := range []bank.Behaviour{bank.Reference, bank.Published} {
		terms := plainTerms()
		terms.Claimed = 0
		v := newVault(t, behaviour, terms, investors(2))
		require.Empty(t, v.events(v.page(0, 20)))
		first := v.progress()
		require.NotZero(t, first.LastDistributionTS)
		require.Zero(t, first.PaginationCursor)
		require.False(t, first.DayComplete)
		v.accrue(0, 5_000_000) // Too late for this day.
		v.page(0, 20)
		require.Equal(t, first, v.progress())
		v.b.AdvanceClock(24 * time.Hour)
		v.page(0, 20)
		require.True(t, v.progress().DayComplete)
	}
}

func TestNoValidStream_TheClaimStaysInTheTreasury(t *testing.T) {
	v := newVault(t, bank.Reference, plainTerms(), nil)
	v.page(0, 20)
	require.False(t, v.progress().DayComplete)
	require.EqualValues(t, 5_000_000, v.balance(v.at.Treasury))
	require.Zero(t, v.paid("creator"))
}

func TestCompute_APageOverItsLimitPaysNobody(t *testing.T) {
	v := newVault(t, bank.Reference, plainTerms(), investors(10))
	v.units = 300 + 30_000 + 12_000*10 - 1
	r := v.send(v.call(0, 20))
	require.Equal(t, `{"InstructionError":[2,"ComputationalBudgetExceeded"]}`, failure(t, r.Err))
	require.Equal(t, r.PreTokens, r.PostTokens)
	require.Zero(t, v.progress().LastDistributionTS)
	v.units++
	v.page(0, 20)
}

func TestWithoutATable_NinePairsFitAPacket(t *testing.T) {
	v := newVault(t, bank.Reference, plainTerms(), investors(10))
	v.lookup = false
	require.LessOrEqual(t, len(v.raw(v.call(0, 9))), 1232)
	require.Greater(t, len(v.raw(v.call(0, 10))), 1232)
}

func TestRollback_TakesTheDayBack(t *testing.T) {
	v := newVault(t, bank.Reference, plainTerms(), investors(4))
	slots(v.b, 40)
	before, treasury := v.progress(), v.balance(v.at.Treasury)
	v.lookup = false
	v.page(0, 2)
	v.page(2, 2)
	require.True(t, v.progress().DayComplete)
	paid := [2]uint64{v.paid("r0"), v.paid("creator")}
	require.NoError(t, v.b.Rollback(2))
	require.Equal(t, before, v.progress())
	require.Equal(t, treasury, v.balance(v.at.Treasury))
	require.EqualValues(t, 1<<60, v.balance(v.poolVault))
	require.Len(t, v.b.ProgramAccounts(router.ProgramDevnet, bank.Processed), 2, "the day account is gone too")
	v.page(0, 2)
	v.page(2, 2)
	require.Equal(t, paid, [2]uint64{v.paid("r0"), v.paid("creator")})
}

func TestReferenceDays_ConserveEveryBaseUnit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms := plainTerms()
		terms.ShareBPS = rapid.Uint16Range(0, 10_000).Draw(t, "share")
		terms.MinPayout = rapid.Uint64Range(1, 200_000).Draw(t, "min")
		if rapid.Bool().Draw(t, "capped") {
			limit := rapid.Uint64Range(1, 3_000_000).Draw(t, "cap")
			terms.Cap = &limit
		}
		n := rapid.IntRange(1, 9).Draw(t, "investors")
		v := newVault(t, bank.Reference, terms, investors(n))
		v.lookup = false
		var claimed uint64
		for range rapid.IntRange(1, 3).Draw(t, "days") {
			fees := rapid.Uint64Range(1, 9_000_000).Draw(t, "fees")
			v.accrue(0, fees)
			claimed += fees
			size := rapid.Uint32Range(1, 9).Draw(t, "size")
			for cursor := uint32(0); cursor < uint32(n); cursor += size {
				v.page(cursor, size)
				v.send(v.call(cursor, size)) // Sent twice: the second does nothing or is refused.
			}
			require.True(t, v.progress().DayComplete)
			require.Equal(t, v.progress().CarryOverDust, v.balance(v.at.Treasury))
			v.b.AdvanceClock(25 * time.Hour)
		}
		total := v.paid("creator") + v.balance(v.at.Treasury)
		for i := range n {
			total += v.paid(fmt.Sprint("r", i))
		}
		require.Equal(t, claimed, total)
		require.Equal(t, 1<<60-claimed, v.balance(v.poolVault))
	})
}

func TestInitialize_CreatesPolicyAndProgress(t *testing.T) {
	v := newVault(t, bank.Reference, plainTerms(), investors(2))
	capped := uint64(9)
	call := router.InitializeHonoraryPosition{
		Program: router.ProgramDevnet, Payer: v.payer.PublicKey(), Vault: pub("second"), Pool: v.pool, PoolConfig: pub("config"),
		QuoteVault: v.poolVault, BaseVault: pub("basevault"), CPAMMProgram: damm.CPAMMProgram,
		Args: router.InitializeArgs{QuoteMint: v.quote, CreatorWallet: pub("creator"), InvestorFeeShareBPS: 7000, DailyCap: &capped, MinPayout: 1, Y0TotalAllocation: 5},
	}
	var err error
	call.Addresses, err = router.Derive(router.ProgramDevnet, pub("second"), v.quote, pub("creator"))
	require.NoError(t, err)
	for code, edit := range map[uint32]func(*router.InitializeHonoraryPosition){
		6026: func(c *router.InitializeHonoraryPosition) { c.Args.InvestorFeeShareBPS = 10_001 },
		6027: func(c *router.InitializeHonoraryPosition) { c.Args.MinPayout = 0 },
		6028: func(c *router.InitializeHonoraryPosition) { c.Args.Y0TotalAllocation = 0 },
		6029: func(c *router.InitializeHonoraryPosition) { c.Args.DailyCap = new(uint64) },
		6023: func(c *router.InitializeHonoraryPosition) { c.QuoteVault, c.BaseVault = c.BaseVault, c.QuoteVault },
		6013: func(c *router.InitializeHonoraryPosition) { c.Pool = pub("nothing") },
		2006: func(c *router.InitializeHonoraryPosition) { c.Vault = pub("third") },
	} {
		bad := call
		edit(&bad)
		r := v.run([]solana.Instruction{bad.Instruction()})
		require.Equal(t, fmt.Sprintf(`{"InstructionError":[0,{"Custom":%d}]}`, code), failure(t, r.Err))
	}
	r := v.succeed([]solana.Instruction{call.Instruction()})
	require.IsType(t, router.HonoraryPositionInitialized{}, v.events(r)[0])
	a, ok := v.b.Account(call.Addresses.Policy, bank.Processed)
	require.True(t, ok)
	policy, err := router.DecodePolicy(a.Owner, router.ProgramDevnet, a.Data)
	require.NoError(t, err)
	require.Equal(t, &capped, policy.DailyCap)
	a, ok = v.b.Account(call.Addresses.Progress, bank.Processed)
	require.True(t, ok)
	progress, err := router.DecodeProgress(a.Owner, router.ProgramDevnet, a.Data)
	require.NoError(t, err)
	require.Equal(t, router.Progress{Vault: pub("second"), Bump: call.Addresses.ProgressBump}, progress)
	r = v.run([]solana.Instruction{memo("again"), call.Instruction()})
	require.Equal(t, `{"InstructionError":[1,{"Custom":0}]}`, failure(t, r.Err))
}

func TestUnknownInstruction_IsAnchorsFallback(t *testing.T) {
	w := newWorld(t)
	r := w.run([]solana.Instruction{ix(router.ProgramDevnet, make([]byte, 8))})
	require.Equal(t, `{"InstructionError":[0,{"Custom":101}]}`, failure(t, r.Err))
	good := router.DistributeFeesArgs{PageSize: 1}.Encode()
	r = w.run([]solana.Instruction{ix(router.ProgramDevnet, good[:10])})
	require.Equal(t, `{"InstructionError":[0,{"Custom":102}]}`, failure(t, r.Err))
	r = w.run([]solana.Instruction{ix(router.ProgramDevnet, good)})
	require.Equal(t, `{"InstructionError":[0,{"Custom":3005}]}`, failure(t, r.Err))
}
