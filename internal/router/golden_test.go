package router

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"strconv"
	"testing"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"
)

// goldenRouter is testdata/router.json: vectors made with the official JavaScript libraries.
type goldenRouter struct {
	ProgramID      solana.PublicKey  `json:"program_id"`
	Discriminators map[string]string `json:"discriminators"`
	PDAs           []struct {
		Vault             solana.PublicKey `json:"vault"`
		Policy            solana.PublicKey `json:"policy_config"`
		PolicyBump        uint8            `json:"policy_bump"`
		Progress          solana.PublicKey `json:"distribution_progress"`
		ProgressBump      uint8            `json:"progress_bump"`
		PositionOwner     solana.PublicKey `json:"position_owner_pda"`
		PositionOwnerBump uint8            `json:"position_owner_bump"`
		QuoteMint         solana.PublicKey `json:"quote_mint"`
		CreatorWallet     solana.PublicKey `json:"creator_wallet"`
		Treasury          solana.PublicKey `json:"treasury_ata"`
		Creator           solana.PublicKey `json:"creator_ata"`
	} `json:"pdas"`
	ATAs []struct {
		Wallet       solana.PublicKey `json:"wallet"`
		Mint         solana.PublicKey `json:"mint"`
		ATA          solana.PublicKey `json:"ata"`
		ATAToken2022 solana.PublicKey `json:"ata_token2022"`
	} `json:"atas"`
	DistributeFees []struct {
		PageSize uint32          `json:"page_size"`
		Cursor   *uint32         `json:"cursor_position"`
		DataHex  string          `json:"data_hex"`
		Accounts []goldenAccount `json:"accounts"`
	} `json:"distribute_fees"`
	Transactions struct {
		Blockhash    solana.Hash        `json:"blockhash"`
		CrankSeedHex string             `json:"crank_seed_hex"`
		Crank        solana.PublicKey   `json:"crank"`
		ALTKey       solana.PublicKey   `json:"alt_key"`
		ALTAddresses []solana.PublicKey `json:"alt_addresses"`
		Legacy       string             `json:"legacy_b64"`
		V0ALT        string             `json:"v0_alt_b64"`
		LegacySig    string             `json:"legacy_sig"`
	} `json:"transactions"`
	Initialize []struct {
		goldenTerms
		DataHex  string          `json:"data_hex"`
		Accounts []goldenAccount `json:"accounts"`
	} `json:"initialize_honorary_position"`
	Policies []struct {
		Vault solana.PublicKey `json:"vault"`
		goldenTerms
		Bump         uint8  `json:"bump"`
		BorshHex     string `json:"borsh_hex"`
		AccountSpace int    `json:"account_space"`
		AccountData  string `json:"account_data_b64"`
	} `json:"policy_config"`
	Progresses []struct {
		Vault       solana.PublicKey `json:"vault"`
		LastTS      string           `json:"last_distribution_ts"`
		Distributed string           `json:"current_day_distributed"`
		Dust        string           `json:"carry_over_dust"`
		Cursor      uint32           `json:"pagination_cursor"`
		Complete    bool             `json:"day_complete"`
		Bump        uint8            `json:"bump"`
		AccountHex  string           `json:"account_hex"`
	} `json:"distribution_progress"`
	Events []struct {
		Name    string          `json:"name"`
		Fields  json.RawMessage `json:"fields"`
		LogLine string          `json:"log_line"`
		Logs    []string        `json:"logs"`
	} `json:"events"`
	Errors []struct {
		Code uint32 `json:"code"`
		Name string `json:"name"`
		Msg  string `json:"msg"`
	} `json:"errors"`
	ComputeBudget struct {
		Limit string `json:"set_limit_400000"`
		Price string `json:"set_price_12345"`
	} `json:"compute_budget"`
}

type goldenAccount struct {
	Pubkey   solana.PublicKey `json:"pubkey"`
	Signer   bool             `json:"signer"`
	Writable bool             `json:"writable"`
}

type goldenTerms struct {
	QuoteMint     solana.PublicKey `json:"quote_mint"`
	CreatorWallet solana.PublicKey `json:"creator_wallet"`
	ShareBPS      uint16           `json:"investor_fee_share_bps"`
	Cap           *string          `json:"daily_cap_lamports"`
	MinPayout     string           `json:"min_payout_lamports"`
	Y0            string           `json:"y0_total_allocation"`
}

func readJSON(t testing.TB, name string, into any) {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, into))
}

func golden(t testing.TB) goldenRouter {
	t.Helper()
	var g goldenRouter
	readJSON(t, "router.json", &g)
	require.NotEmpty(t, g.PDAs)
	return g
}

func number(t testing.TB, s string) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(s, 10, 64)
	require.NoError(t, err)
	return n
}

func optional(t testing.TB, s *string) *uint64 {
	t.Helper()
	if s == nil {
		return nil
	}
	n := number(t, *s)
	return &n
}

func fromHex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

func fromBase64(t testing.TB, s string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	require.NoError(t, err)
	return b
}

// named is the vectors' key called name: an ed25519 key with the seed sha256(name).
func named(name string) solana.PublicKey {
	seed := sha256.Sum256([]byte(name))
	return solana.PrivateKey(ed25519.NewKeyFromSeed(seed[:])).PublicKey()
}

func accountsOf(metas []*solana.AccountMeta) []goldenAccount {
	out := make([]goldenAccount, 0, len(metas))
	for _, m := range metas {
		out = append(out, goldenAccount{Pubkey: m.PublicKey, Signer: m.IsSigner, Writable: m.IsWritable})
	}
	return out
}

func TestAddresses_EqualTheVectors(t *testing.T) {
	g := golden(t)
	require.Equal(t, ProgramDevnet, g.ProgramID)
	for _, p := range g.PDAs {
		a, err := Derive(g.ProgramID, p.Vault, p.QuoteMint, p.CreatorWallet)
		require.NoError(t, err)
		require.Equal(t, p.Policy, a.Policy)
		require.Equal(t, p.Progress, a.Progress)
		require.Equal(t, p.PositionOwner, a.PositionOwner)
		require.Equal(t, p.Treasury, a.Treasury)
		require.Equal(t, p.Creator, a.Creator)
		require.Equal(t, []uint8{p.PolicyBump, p.ProgressBump, p.PositionOwnerBump}, []uint8{a.PolicyBump, a.ProgressBump, a.PositionOwnerBump})
	}
	for _, a := range g.ATAs {
		got, err := ATA(a.Wallet, a.Mint, solana.TokenProgramID)
		require.NoError(t, err)
		require.Equal(t, a.ATA, got)
		got, err = ATA(a.Wallet, a.Mint, solana.Token2022ProgramID)
		require.NoError(t, err)
		require.Equal(t, a.ATAToken2022, got)
	}
}

func TestState_EncodesAndDecodesTheVectors(t *testing.T) {
	g := golden(t)
	for _, v := range g.Policies {
		want := Policy{
			Vault: v.Vault, QuoteMint: v.QuoteMint, CreatorWallet: v.CreatorWallet, InvestorFeeShareBPS: v.ShareBPS,
			DailyCap: optional(t, v.Cap), MinPayout: number(t, v.MinPayout), Y0TotalAllocation: number(t, v.Y0), Bump: v.Bump,
		}
		data := fromBase64(t, v.AccountData)
		require.Equal(t, data, want.Encode())
		require.Equal(t, fromHex(t, v.BorshHex), want.Encode()[:len(v.BorshHex)/2])
		require.Len(t, data, PolicySize)
		require.Equal(t, v.AccountSpace, PolicySize)
		got, err := DecodePolicy(g.ProgramID, g.ProgramID, data)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, v := range g.Progresses {
		want := Progress{
			Vault: v.Vault, LastDistributionTS: int64(number(t, v.LastTS)), CurrentDayDistributed: number(t, v.Distributed),
			CarryOverDust: number(t, v.Dust), PaginationCursor: v.Cursor, DayComplete: v.Complete, Bump: v.Bump,
		}
		data := fromHex(t, v.AccountHex)
		require.Equal(t, data, want.Encode())
		got, err := DecodeProgress(g.ProgramID, g.ProgramID, data)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func TestState_StrangeBytesAreRefused(t *testing.T) {
	program := ProgramDevnet
	policy := Policy{Vault: named("vault"), MinPayout: 1, Y0TotalAllocation: 1}.Encode()
	progress := Progress{Vault: named("vault")}.Encode()
	edit := func(data []byte, at int, v byte) []byte {
		out := append([]byte(nil), data...)
		out[at] = v
		return out
	}
	tests := []struct {
		name     string
		owner    solana.PublicKey
		policy   []byte
		progress []byte
		want     error
	}{
		{"another owner", solana.SystemProgramID, policy, progress, ErrOwner},
		{"no data", program, nil, nil, ErrLength},
		{"a byte short", program, policy[:PolicySize-1], progress[:ProgressSize-1], ErrLength},
		{"a byte long", program, append(policy[:PolicySize:PolicySize], 0), append(progress[:ProgressSize:ProgressSize], 0), ErrLength},
		{"another discriminator", program, edit(policy, 0, 1), edit(progress, 0, 1), ErrDiscriminator},
		{"an option or bool byte of 2", program, edit(policy, 106, 2), edit(progress, 68, 2), ErrFlag},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := DecodePolicy(tt.owner, program, tt.policy)
			require.ErrorIs(t, err, tt.want)
			_, err = DecodeProgress(tt.owner, program, tt.progress)
			require.ErrorIs(t, err, tt.want)
		})
	}
	_, err := DecodePolicy(program, program, edit(policy, PolicySize-1, 7))
	require.ErrorIs(t, err, ErrPadding)
}

func TestCodes_EqualTheVectors(t *testing.T) {
	g := golden(t)
	require.Len(t, g.Errors, len(routerCodes))
	for _, e := range g.Errors {
		c, ok := CodeOf(e.Code)
		require.True(t, ok)
		require.True(t, c.Router())
		require.Equal(t, e.Name, c.Name())
		require.Equal(t, e.Msg, c.Message())
	}
	require.EqualValues(t, 6005, CodeInvalidPaginationCursor)
	require.EqualValues(t, 6034, CodeInvalidStreamflowAccountOwner)
	require.Equal(t, "AccountNotInitialized", Code(3012).Name())
	require.False(t, CodeAccountNotInitialized.Router())
	_, ok := CodeOf(6035)
	require.False(t, ok)
	require.Equal(t, "Unknown6035", Code(6035).Name())
	require.Equal(t, "program error 6020 DayAlreadyComplete: Day already complete, cannot continue distribution", CodeDayAlreadyComplete.Error())
}
