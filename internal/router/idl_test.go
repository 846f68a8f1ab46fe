package router

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"
)

// idl is testdata/meteora_fee_router.json, the program's interface.
type idl struct {
	Address      solana.PublicKey `json:"address"`
	Instructions []struct {
		Name          string  `json:"name"`
		Discriminator []uint8 `json:"discriminator"`
		Accounts      []struct {
			Name     string `json:"name"`
			Writable bool   `json:"writable"`
			Signer   bool   `json:"signer"`
			Address  string `json:"address"`
		} `json:"accounts"`
	} `json:"instructions"`
	Accounts []tagged `json:"accounts"`
	Events   []tagged `json:"events"`
	Errors   []struct {
		Code uint32 `json:"code"`
		Name string `json:"name"`
		Msg  string `json:"msg"`
	} `json:"errors"`
	Types []struct {
		Name string `json:"name"`
		Type struct {
			Fields []struct {
				Name string          `json:"name"`
				Type json.RawMessage `json:"type"`
			} `json:"fields"`
		} `json:"type"`
	} `json:"types"`
}

type tagged struct {
	Name          string  `json:"name"`
	Discriminator []uint8 `json:"discriminator"`
}

func TestDiscriminators_AreTheHashesOfTheInterfaceNames(t *testing.T) {
	g := golden(t)
	var i idl
	readJSON(t, "meteora_fee_router.json", &i)
	inIDL := map[string][]uint8{}
	for _, in := range i.Instructions {
		inIDL["global:"+in.Name] = in.Discriminator
	}
	for _, a := range i.Accounts {
		inIDL["account:"+a.Name] = a.Discriminator
	}
	for _, e := range i.Events {
		inIDL["event:"+e.Name] = e.Discriminator
	}
	tests := map[string]discriminator{
		"global:distribute_fees":              discDistributeFees,
		"global:initialize_honorary_position": discInitialize,
		"account:PolicyConfig":                discPolicy,
		"account:DistributionProgress":        discProgress,
		"event:HonoraryPositionInitialized":   discInitialized,
		"event:QuoteFeesClaimed":              discFeesClaimed,
		"event:InvestorPayoutPage":            discPayoutPage,
		"event:CreatorPayoutDayClosed":        discCreatorClosed,
	}
	require.Len(t, g.Discriminators, len(tests))
	require.Len(t, inIDL, len(tests))
	for name, tag := range tests {
		sum := sha256.Sum256([]byte(name))
		require.Equal(t, sum[:8], tag[:], name)
		require.Equal(t, g.Discriminators[name], hex.EncodeToString(tag[:]), name)
		require.Equal(t, inIDL[name], tag[:], name)
	}
}

func TestAccounts_StandInTheInterfacesOrderWithItsFlags(t *testing.T) {
	var i idl
	readJSON(t, "meteora_fee_router.json", &i)
	require.Equal(t, ProgramDevnet, i.Address)
	calls := map[string]solana.Instruction{
		"distribute_fees": DistributeFees{
			Crank: named("crank_caller"), Vault: named("vault"), HonoraryPosition: named("honorary_position"),
			CPAMMProgram: named("cp_amm_program"), Addresses: Addresses{
				Policy: named("policy_config"), Progress: named("distribution_progress"), PositionOwner: named("position_owner_pda"),
				Treasury: named("treasury_ata"), Creator: named("creator_ata"),
			},
		}.Instruction(),
		"initialize_honorary_position": InitializeHonoraryPosition{
			Payer: named("payer"), Vault: named("vault"), Pool: named("pool"), PoolConfig: named("pool_config"),
			QuoteVault: named("quote_vault"), BaseVault: named("base_vault"), CPAMMProgram: named("cp_amm_program"), Addresses: Addresses{
				Policy: named("policy_config"), Progress: named("distribution_progress"), PositionOwner: named("position_owner_pda"),
			},
		}.Instruction(),
	}
	require.Len(t, i.Instructions, len(calls))
	for _, in := range i.Instructions {
		metas := calls[in.Name].Accounts()
		require.Len(t, metas, len(in.Accounts), in.Name)
		for n, a := range in.Accounts {
			want := named(a.Name)
			switch a.Name {
			case "token_program":
				want = solana.TokenProgramID
			case "associated_token_program":
				want = solana.SPLAssociatedTokenAccountProgramID
			case "system_program":
				want = solana.SystemProgramID
			}
			require.Equal(t, goldenAccount{want, a.Signer, a.Writable}, accountsOf(metas)[n], "%s %s", in.Name, a.Name)
			require.Contains(t, []string{"", want.String()}, a.Address)
		}
	}
	require.Len(t, calls["distribute_fees"].Accounts(), FixedAccounts)
}

func TestCodes_EqualTheInterface(t *testing.T) {
	var i idl
	readJSON(t, "meteora_fee_router.json", &i)
	require.Len(t, i.Errors, len(routerCodes))
	for n, e := range i.Errors {
		require.Equal(t, firstRouterCode+Code(n), Code(e.Code))
		require.Equal(t, codeText{e.Name, e.Msg}, routerCodes[n])
	}
}

// TestLayouts_FollowTheInterfacesFields compares the Go structs' fields, in order and by type, with the interface.
func TestLayouts_FollowTheInterfacesFields(t *testing.T) {
	var i idl
	readJSON(t, "meteora_fee_router.json", &i)
	structs := map[string]any{
		"DistributeFeesParams": DistributeFeesArgs{}, "InitializeHonoraryPositionParams": InitializeArgs{},
		"PolicyConfig": Policy{}, "DistributionProgress": Progress{}, "HonoraryPositionInitialized": HonoraryPositionInitialized{},
		"QuoteFeesClaimed": QuoteFeesClaimed{}, "InvestorPayoutPage": InvestorPayoutPage{}, "CreatorPayoutDayClosed": CreatorPayoutDayClosed{},
	}
	types := map[string]string{
		`"pubkey"`: "solana.PublicKey", `"u8"`: "uint8", `"u16"`: "uint16", `"u32"`: "uint32", `"u64"`: "uint64", `"i64"`: "int64",
		`"bool"`: "bool", `{"option":"u64"}`: "*uint64", `{"option":"u32"}`: "*uint32",
	}
	require.Len(t, i.Types, len(structs))
	for _, typ := range i.Types {
		s := reflect.TypeOf(structs[typ.Name])
		require.Equal(t, len(typ.Type.Fields), s.NumField(), typ.Name)
		for n, f := range typ.Type.Fields {
			compact := strings.NewReplacer(" ", "", "\n", "").Replace(string(f.Type))
			require.Equal(t, types[compact], s.Field(n).Type.String(), "%s.%s", typ.Name, f.Name)
		}
	}
}
