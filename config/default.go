package config

import (
	"net/url"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// DAMMProgram is Meteora's DAMM v2 program (CHAIN.md §3), the same on every network.
const DAMMProgram = "cpamdpZCGKUy5JxQXB4dcpGPiikHawvSWAd6mEn1sGG"

// raydiumProgram is given as the DAMM program in some documents and belongs to another exchange (CHAIN.md §3).
const raydiumProgram = "CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C"

// routerProgram is the fee router's known address on a network; on others it must be set (CHAIN.md §1).
func routerProgram(network string) string {
	return map[string]string{
		"devnet":   "6LHfK4a941ABKnyCfyhUiGhVdQR6z7q8Xnb8uxVb3Zfc",
		"localnet": "Fg6PaFpoGXkYsidMpWTK6W2BeZ7FEfcYkg476zPFsLnS",
	}[network]
}

// genesisHash is a public network's genesis hash; a local chain has its own.
func genesisHash(network string) string {
	return map[string]string{
		"mainnet-beta": "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d",
		"devnet":       "EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG",
		"testnet":      "4uhcVJyU9pJkvQyS88uRDiswHXSGkY3zQawwpjk2NsNY",
	}[network]
}

// Default are the settings of a machine with a local chain and a local Temporal, without vaults.
func Default() Settings {
	endpoint := defaultEndpoint()
	endpoint.Name, endpoint.URL = "local", NewURL("http://127.0.0.1:8899")
	return Settings{
		Network: "localnet",
		RPC: RPC{
			Endpoints:           []Endpoint{endpoint},
			MaxSlotLag:          150,
			RequestTimeout:      10 * time.Second,
			Commitment:          "confirmed",
			PollInterval:        400 * time.Millisecond, // One slot.
			RebroadcastInterval: 2 * time.Second,
			SlotTime:            400 * time.Millisecond,
		},
		Temporal: Temporal{Address: "127.0.0.1:7233", Namespace: "default", TaskQueue: "feeops", Retention: 30 * 24 * time.Hour},
		Store:    Store{DSN: NewURL("file:feeops.db")},
		Signer: Signer{
			Source: SourceFile, Timeout: 5 * time.Second, Vault: SignerVault{Mount: "transit"},
			Policy: SignerPolicy{MaxRentPerTransaction: 20_000_000, MaxRentPerDay: 5_000_000_000, MaxSpendPerDay: 6_000_000_000},
		},
		Audit:   Audit{HeadInterval: time.Hour, ChannelEvery: 24 * time.Hour, RotateAfter: 365 * 24 * time.Hour, ReviewEvery: 31 * 24 * time.Hour},
		Worker:  Worker{Listen: "127.0.0.1:8780", DrainTimeout: 20 * time.Second, Web: Web{Enabled: true, Session: 8 * time.Hour}},
		Log:     Log{Level: "info", Format: "text", MaxMegabytes: 100, KeepFiles: 10, KeepDays: 62},
		Reports: Reports{Dir: "reports", TimeZone: "UTC"},

		Schedules:   defaultSchedules(),
		Maintenance: Maintenance{DiskFreePercent: 10, MemoryFreePercent: 5, LoadPercent: 200, RankSamples: 5, FollowRanking: true, Govulncheck: "govulncheck", ModuleProxy: "https://proxy.golang.org"},
		Backup:      defaultBackup(),
		Distribution: Distribution{
			MaxInvalidStreamsPercent:    5,
			MinClaimable:                1,
			DeadlineMargin:              2 * time.Minute, // A signature lives 150 blocks, about a minute.
			ClockSkewWarn:               time.Minute,
			PriorityFeePercentile:       75,
			MaxPriorityFeeMicroLamports: 1_000_000,
			MaxFeePerTransaction:        2_000_000, // 1.4 M compute units at the highest price, and some signatures.
			MaxFeePerDay:                50_000_000,
			ComputeMarginPercent:        10,
			LookupTables:                "auto",
			PayerReserveLamports:        10_000_000,
			PayerRunwayWarnDays:         7,
			PublishedUnpaidInvestors:    "refuse",
			Anomaly:                     Anomaly{Enabled: true, Days: 14, Least: 5, ClaimedFactor: 5, LargestFactor: 5, ShareBPS: 2_000, InvestorsPercent: 25, Timeout: 4 * time.Hour},
			DriftReset:                  DriftReset{After: 6 * time.Hour},
		},
		Monitor: Monitor{
			Enabled: true, MetricsInterval: time.Minute, RulesInterval: 30 * time.Second, DashboardInterval: 5 * time.Minute,
			StaleAfter: 3 * time.Minute, StuckAfter: 30 * time.Minute, OverdueAfter: domain.OverdueAfter, RepeatAfter: time.Hour,
			MaxMute: 24 * time.Hour, Workers: 1, Keep: 90 * 24 * time.Hour,
		},
		Incidents:  defaultIncidents(),
		Escalation: defaultEscalation(),
		Notify: Notify{
			Slack:      Slack{Rooms: "channel", BaseURL: "https://slack.com/api/"},
			PagerDuty:  PagerDuty{BaseURL: "https://events.pagerduty.com"},
			SMTP:       SMTP{Port: 587, TLS: "starttls"},
			TimeZone:   "UTC",
			QuietHours: QuietHours{Below: domain.SeverityHigh},
			Heartbeat:  Heartbeat{Interval: time.Minute},
		},
	}
}

// defaultEndpoint is what an entry of rpc.endpoints starts from.
func defaultEndpoint() Endpoint { return Endpoint{RequestsPerSecond: 50} }

// defaultVault is what an entry of vaults starts from.
func defaultVault() Vault {
	return Vault{Enabled: true, CPAMMProgram: DAMMProgram, Behaviour: domain.Reference}
}

// derive fills what follows from other settings.
func (s Settings) derive() Settings {
	if s.GenesisHash == "" {
		s.GenesisHash = genesisHash(s.Network)
	}
	s.Store.DSN = s.Store.joined()
	for i, e := range s.RPC.Endpoints {
		if e.Name == "" {
			s.RPC.Endpoints[i].Name = e.URL.host()
		}
	}
	for i := range s.Vaults {
		v := &s.Vaults[i]
		if v.ProgramID == "" {
			v.ProgramID = routerProgram(s.Network)
		}
		if v.StreamMint == "" {
			v.StreamMint = v.QuoteMint
		}
		if v.ExpectedInvestors == 0 {
			v.ExpectedInvestors = uint32(len(v.Streams))
		}
	}
	s.Escalation = s.Escalation.withDefaults()
	return s
}

// joined is the DSN with the password, for clients that take one text. A DSN that has a password keeps it.
func (s Store) joined() URL {
	u, err := url.Parse(s.DSN.Reveal())
	if s.Password.IsZero() || err != nil || u.User == nil {
		return s.DSN
	}
	if _, has := u.User.Password(); has {
		return s.DSN
	}
	u.User = url.UserPassword(u.User.Username(), s.Password.Reveal())
	return NewURL(u.String())
}
