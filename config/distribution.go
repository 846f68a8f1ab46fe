package config

import (
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// Distribution says how a vault's day is paid. Page sizes follow C08, the rest U-P and X15.
type Distribution struct {
	PageSize                    uint32        `json:"page_size,omitempty" validate:"page_size" jsonschema_description:"Investors per call, 1..50. Left out: as many as fit a transaction."`
	MaxInvalidStreamsPercent    uint8         `json:"max_invalid_streams_percent" validate:"max=100" jsonschema_description:"Share of streams that may be quarantined before the day is refused."`
	DelayBetweenPages           time.Duration `json:"delay_between_pages" validate:"min=0s,max=10m" jsonschema_description:"Pause between pages; dropped near the deadline."`
	MinClaimable                domain.Amount `json:"min_claimable" validate:"min=1" jsonschema_description:"Base units of fees below which a day is not opened: an empty day uses up its 24 hours."`
	DeadlineMargin              time.Duration `json:"deadline_margin" validate:"min=0s,max=12h" jsonschema_description:"No page is begun later than this before the day is lost."`
	ClockSkewWarn               time.Duration `json:"clock_skew_warn" validate:"min=1s,max=1h" jsonschema_description:"Difference between this machine's clock and the chain's that warns."`
	PriorityFeePercentile       uint8         `json:"priority_fee_percentile" validate:"max=100" jsonschema_description:"Percentile of recent priority fees that is offered."`
	MaxPriorityFeeMicroLamports uint64        `json:"max_priority_fee_micro_lamports" validate:"max=100000000" jsonschema_description:"Highest price in micro-lamports per compute unit."`
	MaxFeePerTransaction        domain.Amount `json:"max_fee_lamports_per_transaction" validate:"min=5000,max=1000000000" jsonschema_description:"Highest whole fee of one transaction in lamports."`
	MaxFeePerDay                domain.Amount `json:"max_fee_lamports_per_day" validate:"max=1000000000000" jsonschema_description:"Highest fees in lamports of one fee payer in 24 hours, over all its vaults; 0 is no cap. Rent does not count."`
	ComputeMarginPercent        uint32        `json:"compute_margin_percent" validate:"max=100" jsonschema_description:"Added to the simulated compute units."`
	LookupTables                string        `json:"lookup_tables" validate:"oneof=auto off" jsonschema_description:"auto makes lookup tables when they save pages."`
	PayerReserveLamports        domain.Amount `json:"payer_reserve_lamports" validate:"max=1000000000000" jsonschema_description:"Lamports that stay with the fee payer after a planned day."`
	PayerRunwayWarnDays         uint32        `json:"payer_runway_warn_days" validate:"max=365" jsonschema_description:"Days that the fee payer's balance must last at the average cost of the last 7 reported days; below it the checks warn."`
	PublishedUnpaidInvestors    string        `json:"published_unpaid_investors" validate:"oneof=refuse record" jsonschema_description:"The published program logs investor transfers and does not make them: refuse such a day, or run it and record who was not paid."`
	Anomaly                     Anomaly       `json:"anomaly" jsonschema_description:"When a plan waits for a person."`
	DriftReset                  DriftReset    `json:"drift_reset" jsonschema_description:"When a vault waits on purpose, because its due time has drifted away."`
}

// DriftReset moves drifted vaults back to a wanted time of day. It costs each of them one longer wait, and is off unless a
// time is set.
type DriftReset struct {
	At    string        `json:"at,omitempty" validate:"omitempty,clock" jsonschema_description:"Wanted time of day in schedules.time_zone, such as 07:00. A vault that is due later than drift_reset.after past it waits until this time of the next day; its investors are paid that much later, once. Never with an open day or a daily cap. Empty: due times drift."`
	After time.Duration `json:"after" validate:"min=2h,max=23h" jsonschema_description:"How far past the wanted time a due time may lie. The longer, the rarer and the shorter the waits."`
}

// Reset is the policy, or none.
func (s Settings) Reset() domain.DriftReset {
	r := s.Distribution.DriftReset
	if r.At == "" {
		return domain.DriftReset{}
	}
	c, err := domain.NewCalendar(r.At, "", 0, s.Schedules.TimeZone)
	if err != nil {
		return domain.DriftReset{} // The field's own check has named it.
	}
	return domain.DriftReset{At: c, After: r.After}
}

// Vault is one vault that is paid and watched (D05, X01).
type Vault struct {
	ID                string           `json:"id" validate:"required,id" jsonschema_description:"Name in ids and commands."`
	Name              string           `json:"name,omitempty" jsonschema_description:"Name for people."`
	Enabled           bool             `json:"enabled" jsonschema_description:"false leaves the vault out of every run; it is still shown."`
	Vault             string           `json:"vault" validate:"required,pubkey" jsonschema_description:"Address of the vault."`
	QuoteMint         string           `json:"quote_mint" validate:"required,pubkey" jsonschema_description:"Mint of the fees that are paid out."`
	CreatorWallet     string           `json:"creator_wallet" validate:"required,pubkey" jsonschema_description:"Wallet that gets the rest of a day."`
	HonoraryPosition  string           `json:"honorary_position" validate:"required,pubkey" jsonschema_description:"The DAMM v2 position that collects the fees."`
	CPAMMProgram      string           `json:"cp_amm_program" validate:"required,pubkey" jsonschema_description:"The DAMM v2 program."`
	ProgramID         string           `json:"program_id" validate:"required,pubkey" jsonschema_description:"The fee router program. Known for localnet and devnet."`
	Behaviour         domain.Behaviour `json:"behaviour" validate:"oneof=reference published" jsonschema_description:"Which of the router's two behaviours the program shows."`
	Streams           []string         `json:"streams,omitempty" validate:"dive,pubkey" jsonschema_description:"Streamflow streams of the investors, in the order registered with the program."`
	StreamsFile       string           `json:"streams_file,omitempty" kind:"path" jsonschema_description:"The same list in a file: one address a line, or a JSON array."`
	StreamMint        string           `json:"stream_mint,omitempty" validate:"omitempty,pubkey" jsonschema_description:"Mint that the streams must lock. Default: the quote mint."`
	ExpectedInvestors uint32           `json:"expected_investors,omitempty" jsonschema_description:"Number of investors that is right. Default: the number of streams."`
	PageSize          uint32           `json:"page_size,omitempty" validate:"page_size" jsonschema_description:"Overrides distribution.page_size."`
	QuoteSymbol       string           `json:"quote_symbol,omitempty" validate:"max=16" jsonschema_description:"Symbol shown beside amounts."`
	QuoteDecimals     *uint8           `json:"quote_decimals,omitempty" validate:"omitempty,max=19" jsonschema_description:"Decimals that the quote mint must have; another number refuses the day. Left out: whatever the mint says."`
	AcceptedProgram   string           `json:"accepted_program,omitempty" validate:"max=64" jsonschema_description:"Deployment of the router program that is accepted after a change, as the check policy_unchanged shows it: SLOT/AUTHORITY."`
	KeypairPath       string           `json:"keypair_path,omitempty" kind:"path" jsonschema_description:"Overrides signer.keypair_path for this vault."`
	SignerKey         string           `json:"signer_key,omitempty" jsonschema_description:"Overrides signer.vault.key or signer.kms.key_id for this vault."`
	SignerPublicKey   string           `json:"signer_public_key,omitempty" validate:"omitempty,pubkey" jsonschema_description:"Address of this vault's own signer_key or keypair_path, as signer.public_key is for the common one."`
	Team              string           `json:"team,omitempty" jsonschema_description:"Who is told about this vault."`
}

// Vault finds a vault by its id.
func (s Settings) Vault(id string) (Vault, bool) {
	for _, v := range s.Vaults {
		if v.ID == id {
			return v, true
		}
	}
	return Vault{}, false
}
