package domain

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// Terms are the policy's figures that fix a day's arithmetic (C01). They are frozen with the manifest.
type Terms struct {
	ShareBPS  uint16  `json:"share_bps"`
	Y0        Amount  `json:"y0"`
	MinPayout Amount  `json:"min_payout"`
	DailyCap  *Amount `json:"daily_cap,omitempty"`
	DustIn    Amount  `json:"dust_in"`
}

// Entry is one stream of the day's list, in the program's registered order.
type Entry struct {
	Index     int    `json:"index"`
	Stream    string `json:"stream"`
	Recipient string `json:"recipient"`
	ATA       string `json:"ata"`
	Locked    Amount `json:"locked"`   // A forecast at the snapshot's time; exact in Opening.
	Expected  Amount `json:"expected"` // Likewise. Streams of one recipient within a page share the first one's figure.
	NeedsATA  bool   `json:"needs_ata,omitempty"`
}

// Quarantined is a registered stream that must not be passed to the program: one bad stream aborts a page (C13, P08).
type Quarantined struct {
	Index     int    `json:"index"` // Place in the registered list.
	Stream    string `json:"stream"`
	Recipient string `json:"recipient,omitempty"`
	Reason    string `json:"reason"`
	// Locked and Would are a forecast: what it would lock and get if it were valid. Absent is unknown, which is not 0.
	Locked *Amount `json:"locked,omitempty"`
	Would  *Amount `json:"would,omitempty"`
}

// PagePlan is one call: the entries [Cursor, Cursor+Count) sent with PageSize of the manifest.
type PagePlan struct {
	Cursor uint32 `json:"cursor"`
	Count  int    `json:"count"`
}

// ProgramState is which build of the router stands at its address and who may replace it (P18, U-S9).
type ProgramState struct {
	Slot      uint64 `json:"slot"`                // Of the last deployment.
	Authority string `json:"authority,omitempty"` // Empty: nobody can upgrade it any more.
}

// String is the form in which the settings accept a build: SLOT/AUTHORITY, or SLOT/none.
func (p ProgramState) String() string {
	return fmt.Sprintf("%d/%s", p.Slot, cmp.Or(p.Authority, "none"))
}

// Manifest is the frozen plan of a vault's day (X26, P08): list, order, terms, pages. A resumed day uses the same one.
type Manifest struct {
	Vault       string        `json:"vault"`
	Day         Day           `json:"day"`
	Behaviour   Behaviour     `json:"behaviour"`
	Program     string        `json:"program"`
	Address     string        `json:"address"`
	Token       Token         `json:"token"`
	Slot        uint64        `json:"slot"`       // Slot of the snapshot.
	ChainTime   int64         `json:"chain_time"` // Chain clock at that slot.
	PrevTS      int64         `json:"prev_ts"`    // last_distribution_ts before this day opens; 0 = first day ever.
	Terms       Terms         `json:"terms"`
	Claimable   Amount        `json:"claimable"` // Forecast of the quote fees that the opening will claim.
	LockedTotal Amount        `json:"locked_total"`
	Pool        Amount        `json:"pool"`    // Forecast.
	Creator     Amount        `json:"creator"` // Forecast.
	Entries     []Entry       `json:"entries"`
	Quarantined []Quarantined `json:"quarantined,omitempty"`
	PageSize    uint32        `json:"page_size"`
	Pages       []PagePlan    `json:"pages"`
	Tables      bool          `json:"tables,omitempty"` // Pages are sized for lookup tables.
	// ProgramState is the build for which the plan was made. Absent for a loader without upgrades, and in plans from before
	// it was recorded.
	ProgramState *ProgramState `json:"program_state,omitempty"`
	Hash         string        `json:"hash"` // SHA-256 of all the above; see Seal.

	// Opening is known once the chain has opened the day, and is outside the hash.
	Opening *Opening `json:"opening,omitempty"`
}

// Opening is what the first page fixed on chain: from here on every payout is exact.
type Opening struct {
	TS          int64    `json:"ts"` // The day's last_distribution_ts.
	Slot        uint64   `json:"slot"`
	Signature   string   `json:"signature"`
	Claimed     Amount   `json:"claimed"`
	Pool        Amount   `json:"pool"`
	Creator     Amount   `json:"creator"`
	LockedTotal Amount   `json:"locked_total"`
	Locked      []Amount `json:"locked"`   // By entry.
	Expected    []Amount `json:"expected"` // By entry; see Entry.Expected.
}

// Seal computes the hash over everything that is frozen.
func (m Manifest) Seal() (Manifest, error) {
	m.Hash, m.Opening = "", nil
	b, err := json.Marshal(m)
	if err != nil {
		return m, fmt.Errorf("manifest of %s for %s: encode: %w", m.Vault, m.Day, err)
	}
	sum := sha256.Sum256(b)
	m.Hash = hex.EncodeToString(sum[:])
	return m, nil
}

// Verify says whether the manifest still is what was frozen.
func (m Manifest) Verify() error {
	sealed, err := m.Seal()
	if err != nil {
		return err
	}
	if sealed.Hash != m.Hash {
		return fmt.Errorf("manifest of %s for %s: stored hash %.12s, content hashes to %.12s: the stored plan was changed; restore it from a backup before paying", m.Vault, m.Day, m.Hash, sealed.Hash)
	}
	return nil
}

// PageAt finds the planned page that starts at cursor.
func (m Manifest) PageAt(cursor uint32) (PagePlan, bool) {
	for _, p := range m.Pages {
		if p.Cursor == cursor {
			return p, true
		}
	}
	return PagePlan{}, false
}

// End is the cursor after the last page. The program moves it by page_size even past the end of the list (C09).
func (m Manifest) End() uint32 { return uint32(len(m.Pages)) * m.PageSize }

// Planned is what entry i is to get: exact once the day is opened, a forecast before.
func (m Manifest) Planned(i int) Amount {
	if m.Opening != nil {
		return m.Opening.Expected[i]
	}
	return m.Entries[i].Expected
}

// Opens says whether this is the plan of the day that the chain opened at ts, its last_distribution_ts.
func (m Manifest) Opens(ts int64) bool {
	if m.Opening != nil {
		return m.Opening.TS == ts
	}
	// Planned for the day after PrevTS, and the chain has opened one since: this one, if it was no more than a day ago.
	return m.PrevTS < ts && m.ChainTime <= ts && ts < m.ChainTime+DaySeconds
}

// Owed is what the day still has to pay from cursor on: the investors that are left, and the creator, who is paid last.
func (m Manifest) Owed(cursor uint32) (Amount, error) {
	owed := m.Creator
	if m.Opening != nil {
		owed = m.Opening.Creator
	}
	for i := int(cursor); i < len(m.Entries); i++ {
		var err error
		if owed, err = owed.Add(m.Planned(i)); err != nil {
			return 0, err
		}
	}
	return owed, nil
}

// PlanPages cuts n entries into pages of size; the last one may be short.
func PlanPages(n int, size uint32) []PagePlan {
	var pages []PagePlan
	for at := 0; at < n; at += int(size) {
		pages = append(pages, PagePlan{Cursor: uint32(at), Count: min(int(size), n-at)})
	}
	return pages
}
