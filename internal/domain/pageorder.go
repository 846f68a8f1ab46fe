package domain

import (
	"fmt"
	"time"
)

// PageOrderState says how far an approved page size has come.
type PageOrderState string

// States of a page order.
const (
	PageApproved  PageOrderState = "approved"   // The vault's next new day is planned with it.
	PageApplied   PageOrderState = "applied"    // Days are planned with it, and its effect is not judged yet.
	PageKept      PageOrderState = "kept"       // Judged, and not worse.
	PageTakenBack PageOrderState = "taken_back" // It counts no more from the next new day on.
)

// PageOrder is a page size that an operator approved for a vault (W10).
type PageOrder struct {
	Seq       int64          `json:"seq"` // From 1 over all vaults; given by the store.
	Vault     string         `json:"vault"`
	Size      uint32         `json:"size"`
	Before    uint32         `json:"before"` // Page size of the newest plan when it was approved; 0: there was none.
	Actor     string         `json:"actor"`
	Reason    string         `json:"reason"`
	At        time.Time      `json:"at"`
	State     PageOrderState `json:"state"`
	Since     Day            `json:"since,omitempty"`     // The first day that was planned with it.
	AppliedAt time.Time      `json:"applied_at,omitzero"` // When that plan was frozen.
	Was       *PageFigures   `json:"figures_before"`      // Null: not judged, or no data.
	Is        *PageFigures   `json:"figures_after"`       // Null: not judged.
	EndedBy   string         `json:"ended_by,omitempty"`  // Who kept it or took it back.
	EndedAt   time.Time      `json:"ended_at,omitzero"`
	Note      string         `json:"note,omitempty"` // Why it was kept or taken back, with the figures.
}

// Counts is true while new days are planned with the order.
func (o PageOrder) Counts() bool { return o.State != PageTakenBack }

// UnderWay is true until the order's effect is known: another one before that would mix the figures of both.
func (o PageOrder) UnderWay() bool { return o.State == PageApproved || o.State == PageApplied }

// PageFigures are a vault's pages over some days, as they were measured.
type PageFigures struct {
	Pages       int           `json:"pages"`  // That were turned.
	Failed      int           `json:"failed"` // Attempts that were not.
	Median      time.Duration `json:"median_ns"`
	PerInvestor time.Duration `json:"per_investor_ns"` // Of a day at the median page; see PerInvestor.
}

// Success is the attempts that turned their page, in whole per cent; 0 without any attempt.
func (f PageFigures) Success() int {
	if f.Pages+f.Failed == 0 {
		return 0
	}
	return 100 * f.Pages / (f.Pages + f.Failed)
}

// String is the figures for people.
func (f PageFigures) String() string {
	return fmt.Sprintf("%s an investor, median page %s, %d %% success of %d attempts",
		f.PerInvestor.Round(time.Microsecond), f.Median.Round(time.Millisecond), f.Success(), f.Pages+f.Failed)
}

// PerInvestor is what one of n investors takes of a day whose pages of size take median each. The last page counts as
// a whole one, since a short page takes about as long. Without investors or a size it is 0.
func PerInvestor(median time.Duration, investors int, size uint32) time.Duration {
	if investors <= 0 || size == 0 {
		return 0
	}
	return median * time.Duration(len(PlanPages(investors, size))) / time.Duration(investors)
}
