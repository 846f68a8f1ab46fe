package streamflow

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"os"
	"reflect"
	"strconv"
	"testing"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// goldenStreams is testdata/streamflow.json: accounts and layout made with the official SDK.
type goldenStreams struct {
	Mainnet     solana.PublicKey `json:"program_id_mainnet"`
	Devnet      solana.PublicKey `json:"program_id_devnet"`
	AccountSize int              `json:"account_size"`
	Mint        solana.PublicKey `json:"mint"`
	Cases       []struct {
		Name    string                     `json:"name"`
		Data    string                     `json:"data_b64"`
		Decoded map[string]json.RawMessage `json:"decoded"`
		At      []struct {
			T      int64 `json:"t"`
			Router struct {
				Locked   string `json:"locked"`
				Rejected string `json:"rejected"`
			} `json:"router"`
		} `json:"at"`
	} `json:"cases"`
}

func golden(t testing.TB) (g goldenStreams, layout map[string]int) {
	t.Helper()
	raw, err := os.ReadFile("testdata/streamflow.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &g))
	require.NotEmpty(t, g.Cases)
	var offsets struct{ Offsets map[string]json.RawMessage }
	require.NoError(t, json.Unmarshal(raw, &offsets))
	layout = map[string]int{}
	for name, value := range offsets.Offsets {
		var field struct{ Offset int }
		if json.Unmarshal(value, &field) != nil {
			require.NoError(t, json.Unmarshal(value, &field.Offset))
		}
		layout[name] = field.Offset
	}
	return g, layout
}

func account(t testing.TB, text string) []byte {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString(text)
	require.NoError(t, err)
	require.Len(t, data, AccountSize)
	return data
}

func TestStream_DecodesTheVectors(t *testing.T) {
	g, _ := golden(t)
	require.Equal(t, []solana.PublicKey{g.Mainnet, g.Devnet}, []solana.PublicKey{ProgramMainnet, ProgramDevnet})
	require.Equal(t, g.AccountSize, AccountSize)
	fields := map[string]string{
		"magic": "Magic", "version": "Version", "created_at": "CreatedAt", "withdrawn_amount": "Withdrawn", "canceled_at": "CanceledAt",
		"end_time": "End", "sender": "Sender", "recipient": "Recipient", "mint": "Mint", "start_time": "Start", "net_amount_deposited": "Deposited",
		"period": "Period", "amount_per_period": "AmountPerPeriod", "cliff": "Cliff", "cliff_amount": "CliffAmount", "is_pda": "IsPDA",
		"nonce": "Nonce", "closed": "Closed", "current_pause_start": "CurrentPauseStart", "pause_cumulative": "PauseCumulative",
		"last_rate_change_time": "LastRateChangeTime", "funds_unlocked_at_last_rate_change": "FundsUnlockedAtLastRateChange",
	}
	for _, c := range g.Cases {
		s, err := Decode(account(t, c.Data))
		require.NoError(t, err)
		require.EqualValues(t, Magic, s.Magic)
		require.Equal(t, c.Name, s.Name())
		require.Len(t, c.Decoded, len(fields))
		for key, raw := range c.Decoded {
			text, err := strconv.Unquote(string(raw))
			if err != nil {
				text = string(raw) // Booleans and small numbers stand there without quotes.
			}
			require.Equal(t, text, textOf(reflect.ValueOf(s).FieldByName(fields[key])), "%s %s", c.Name, key)
		}
	}
}

func textOf(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case solana.PublicKey:
		return x.String()
	case bool:
		return strconv.FormatBool(x)
	case int64:
		return strconv.FormatInt(x, 10)
	default:
		return strconv.FormatUint(v.Uint(), 10)
	}
}

func TestStream_EncodeGivesTheVectorsBytes(t *testing.T) {
	g, _ := golden(t)
	for _, c := range g.Cases {
		data := account(t, c.Data)
		s, err := Decode(data)
		require.NoError(t, err)
		require.Equal(t, data, s.Encode(), c.Name)
	}
}

func TestLayout_EqualsTheSDKs(t *testing.T) {
	_, layout := golden(t)
	mine := map[string]int{
		"magic": atMagic, "version": atVersion, "created_at": atCreatedAt, "withdrawn_amount": atWithdrawn, "canceled_at": atCanceledAt,
		"end_time": atEnd, "last_withdrawn_at": atLastWithdrawnAt, "sender": atSender, "sender_tokens": atSenderTokens,
		"recipient": atRecipient, "recipient_tokens": atRecipientTokens, "mint": atMint, "escrow_tokens": atEscrowTokens,
		"streamflow_treasury": atStreamflowTreasury, "streamflow_treasury_tokens": atStreamflowTreasuryTokens,
		"streamflow_fee_total": atStreamflowFeeTotal, "streamflow_fee_withdrawn": atStreamflowFeeWithdrawn,
		"streamflow_fee_percent": atStreamflowFeeBits, "partner": atPartner, "partner_tokens": atPartnerTokens,
		"partner_fee_total": atPartnerFeeTotal, "partner_fee_withdrawn": atPartnerFeeWithdrawn, "partner_fee_percent": atPartnerFeeBits,
		"start_time": atStart, "net_amount_deposited": atDeposited, "period": atPeriod, "amount_per_period": atAmountPerPeriod,
		"cliff": atCliff, "cliff_amount": atCliffAmount, "cancelable_by_sender": atCancelableBySender,
		"cancelable_by_recipient": atCancelableByRecipient, "automatic_withdrawal": atAutomaticWithdrawal,
		"transferable_by_sender": atTransferableBySender, "transferable_by_recipient": atTransferableByRecipient, "can_topup": atCanTopup,
		"stream_name": atStreamName, "withdraw_frequency": atWithdrawFrequency, "ghost": atGhost, "pausable": atPausable,
		"can_update_rate": atCanUpdateRate, "ghost2": atGhost2, "is_pda": atIsPDA, "nonce": atNonce, "closed": atClosed,
		"current_pause_start": atCurrentPauseStart, "pause_cumulative": atPauseCumulative, "last_rate_change_time": atLastRateChangeTime,
		"funds_unlocked_at_last_rate_change": atFundsUnlockedAtLastRateChange, "creation_fee": atCreationFeeBits,
		"creation_fee_claimed": atCreationFeeClaimed, "auto_claim_fee": atAutoClaimFeeBits, "auto_claim_fee_claimed": atAutoClaimFeeClaimed,
		"old_metadata": atOldMetadata, "payer": atPayer, "bump": atBump, "fee_partner": atFeePartner,
		"cancel_request_time": atCancelRequestTime, "__end": tailEnd,
	}
	delete(layout, "create_params_padding") // Holds nothing, so Stream has no field for it.
	require.Equal(t, layout, mine)
}

func TestRead_AShorterAccountHasNoTailOfTheOneBefore(t *testing.T) {
	g, _ := golden(t)
	full := account(t, g.Cases[3].Data)
	var s Stream
	require.NoError(t, s.Read(full))
	require.NotZero(t, s.PauseCumulative)
	require.NotZero(t, s.Payer)
	fresh, err := Decode(full[:MinSize])
	require.NoError(t, err)
	require.NoError(t, s.Read(full[:MinSize]))
	require.Equal(t, fresh, s)
	require.Zero(t, s.PauseCumulative)
	require.Equal(t, full[409:417], s.Encode()[409:417])

	before := s
	require.ErrorIs(t, s.Read(full[:MinSize-1]), ErrTooShort)
	require.ErrorIs(t, s.Read(make([]byte, AccountSize)), ErrNoMagic)
	require.Equal(t, before, s)
}

func TestLocked_EqualsTheRoutersViewInTheVectors(t *testing.T) {
	g, _ := golden(t)
	for _, c := range g.Cases {
		s, reason := Check(ProgramMainnet, []solana.PublicKey{ProgramMainnet}, account(t, c.Data), g.Mint)
		for _, at := range c.At {
			want, err := strconv.ParseUint(at.Router.Locked, 10, 64)
			require.NoError(t, err)
			require.Equal(t, want, s.Locked(at.T), "%s at %d", c.Name, at.T)
			if at.Router.Rejected == "" {
				require.Equal(t, Valid, reason, c.Name)
			} else {
				require.Equal(t, string(reason)+" -> StreamflowValidationFailed", at.Router.Rejected)
				require.EqualValues(t, 6007, reason.Code())
			}
		}
	}
}

func TestCheck_RefusesInTheRoutersOrder(t *testing.T) {
	mint, programs := ProgramDevnet, []solana.PublicKey{ProgramMainnet}
	good := Stream{Magic: Magic, Mint: mint, Recipient: solana.SolMint, Start: 100, Cliff: 100, End: 200}
	with := func(edit func(*Stream)) []byte {
		s := good
		edit(&s)
		return s.Encode()
	}
	same := func(*Stream) {}
	tests := []struct {
		name  string
		owner solana.PublicKey
		data  []byte
		want  Reason
		code  uint32
	}{
		{"good", ProgramMainnet, with(same), Valid, 0},
		{"as short as the router reads", ProgramMainnet, with(same)[:MinSize], Valid, 0},
		{"cliff at the end", ProgramMainnet, with(func(s *Stream) { s.Cliff = 200 }), Valid, 0},
		{"no account", solana.SystemProgramID, nil, Missing, 6034},
		{"a wallet with data is not missing", solana.SystemProgramID, with(same), WrongOwner, 6034},
		{"another program, whatever the bytes", ProgramDevnet, nil, WrongOwner, 6034},
		{"empty account", ProgramMainnet, nil, TooShort, 6007},
		{"a byte short", ProgramMainnet, with(same)[:MinSize-1], TooShort, 6007},
		{"no magic", ProgramMainnet, with(func(s *Stream) { s.Magic = 0 }), NoMagic, 6007},
		{"wrong mint before closed", ProgramMainnet, with(func(s *Stream) { s.Mint, s.Closed = solana.SolMint, true }), WrongMint, 6007},
		{"closed before bad times", ProgramMainnet, with(func(s *Stream) { s.Closed, s.End = true, 100 }), Closed, 6007},
		{"start at the end", ProgramMainnet, with(func(s *Stream) { s.End = 100 }), BadTimes, 6007},
		{"cliff before the start", ProgramMainnet, with(func(s *Stream) { s.Cliff = 99 }), BadTimes, 6007},
		{"cliff after the end", ProgramMainnet, with(func(s *Stream) { s.Cliff = 201 }), BadTimes, 6007},
		{"a time above 63 bits is negative to the router", ProgramMainnet, with(func(s *Stream) { s.End = math.MinInt64 }), BadTimes, 6007},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, reason := Check(tt.owner, programs, tt.data, mint)
			require.Equal(t, tt.want, reason)
			require.Equal(t, tt.code, reason.Code())
			if len(tt.data) >= MinSize && reason != NoMagic {
				require.Equal(t, solana.SolMint, s.Recipient)
			}
		})
	}
}

func TestLocked_Edges(t *testing.T) {
	base := Stream{Deposited: 1000, Withdrawn: 100, Start: 100, Cliff: 150, End: 300, Period: 10, AmountPerPeriod: 50, CliffAmount: 200}
	tests := []struct {
		name string
		edit func(*Stream)
		now  int64
		want uint64
	}{
		{"before the cliff withdrawals count", func(*Stream) {}, 149, 900},
		{"from the cliff on they do not", func(*Stream) {}, 150, 800},
		{"within a period", func(*Stream) {}, 169, 750},
		{"more unlocked than deposited", func(s *Stream) { s.AmountPerPeriod = 5000 }, 160, 0},
		{"more withdrawn than deposited", func(s *Stream) { s.Withdrawn = 2000 }, 0, 0},
		{"no period", func(s *Stream) { s.Period = 0 }, 160, 0},
		{"a product above 64 bits", func(s *Stream) { s.AmountPerPeriod = math.MaxUint64 }, 299, 0},
		{"a sum above 64 bits", func(s *Stream) { s.CliffAmount, s.AmountPerPeriod = math.MaxUint64, 1 }, 160, 0},
		{"closed", func(s *Stream) { s.Closed = true }, 0, 0},
		{"times at both ends", func(s *Stream) {
			s.Start, s.Cliff, s.End, s.Period, s.AmountPerPeriod = math.MinInt64, math.MinInt64, math.MaxInt64, math.MaxUint64, 1
		}, math.MaxInt64 - 1, 800},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := base
			tt.edit(&s)
			require.Equal(t, tt.want, s.Locked(tt.now))
		})
	}
}

func TestLocked_NeverGrowsWithTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount := rapid.OneOf(rapid.Uint64Range(0, 1000), rapid.Uint64())
		moment := rapid.OneOf(rapid.Int64Range(0, 1000), rapid.Int64())
		s := Stream{
			Deposited: amount.Draw(t, "deposited"), CliffAmount: amount.Draw(t, "cliff amount"), AmountPerPeriod: amount.Draw(t, "rate"),
			Period: amount.Draw(t, "period"), Start: moment.Draw(t, "start"), Cliff: moment.Draw(t, "cliff"), End: moment.Draw(t, "end"),
		}
		a, b := moment.Draw(t, "a"), moment.Draw(t, "b")
		early, late := s.Locked(min(a, b)), s.Locked(max(a, b))
		require.LessOrEqual(t, late, early)
		require.LessOrEqual(t, early, s.Deposited)
	})
}

func FuzzDecode(f *testing.F) {
	g, _ := golden(f)
	for _, c := range g.Cases {
		f.Add(account(f, c.Data), int64(1_750_000_000))
		f.Add(account(f, c.Data)[:MinSize], int64(0))
	}
	f.Fuzz(func(t *testing.T, data []byte, now int64) {
		s, reason := Check(ProgramMainnet, []solana.PublicKey{ProgramMainnet}, data, ProgramDevnet)
		if locked := s.Locked(now); locked > s.Deposited {
			t.Fatalf("%d locked of %d deposited", locked, s.Deposited)
		}
		if reason == TooShort || reason == NoMagic || reason == Missing {
			return
		}
		again, err := Decode(s.Encode())
		if err != nil || again != s {
			t.Fatalf("%x decodes to %+v, which comes back as %+v, error %v", data, s, again, err)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	g, _ := golden(b)
	data := account(b, g.Cases[0].Data)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheckAndLocked(b *testing.B) {
	g, _ := golden(b)
	data, programs := account(b, g.Cases[0].Data), []solana.PublicKey{ProgramMainnet}
	b.ReportAllocs()
	for b.Loop() {
		s, reason := Check(ProgramMainnet, programs, data, g.Mint)
		if reason != Valid || s.Locked(1_743_552_000) != 274_000_000 {
			b.Fatal(reason)
		}
	}
}
