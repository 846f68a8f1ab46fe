package distribution

import "github.com/meteora-fee-router/feeops/internal/domain"

// Difference is what changes for investors from one plan to a later one, stream by stream. Applying it to the earlier
// list gives the later one; between a plan and itself it is empty.
type Difference struct {
	Before    DayTotals `json:"before"`
	After     DayTotals `json:"after"`
	New       []Change  `json:"new"`     // Not on the earlier list.
	Gone      []Change  `json:"gone"`    // Not on the later list.
	Moved     []Change  `json:"moved"`   // To another recipient, whatever the amounts.
	Changed   []Change  `json:"changed"` // Another amount for the same recipient.
	Unchanged int       `json:"unchanged"`
}

// DayTotals are one plan's sums, in base units: exact once its day was opened, a forecast before.
type DayTotals struct {
	Day         domain.Day    `json:"day"`
	Manifest    string        `json:"manifest"`
	Exact       bool          `json:"exact"`
	Streams     int           `json:"streams"` // On the list.
	LeftOut     int           `json:"left_out"`
	LockedTotal domain.Amount `json:"locked_total"`
	Claimed     domain.Amount `json:"claimed"`
	DustIn      domain.Amount `json:"dust_in"`
	Pool        domain.Amount `json:"pool"`
	Creator     domain.Amount `json:"creator"`
	Investors   domain.Amount `json:"investors"` // Sum of what they are to get: at most the pool.
}

// Change is one stream's part of a Difference. Amounts are null where the stream is not on that list; streams of one
// recipient within a page are paid with the first of them, and the others show 0.
type Change struct {
	Stream          string         `json:"stream"`
	RecipientBefore string         `json:"recipient_before,omitempty"`
	RecipientAfter  string         `json:"recipient_after,omitempty"`
	Before          *domain.Amount `json:"before"`
	After           *domain.Amount `json:"after"`
	Note            string         `json:"note,omitempty"` // Why it is, or was, left out.
}

// place is a stream's place on a list.
type place struct {
	recipient string
	amount    domain.Amount
}

// Differ compares two plans of one vault. The changes stand in the order of the later list, those gone in that of the
// earlier one.
func Differ(before, after domain.Manifest) Difference {
	d := Difference{Before: totalsOf(before), After: totalsOf(after), New: []Change{}, Gone: []Change{}, Moved: []Change{}, Changed: []Change{}}
	was, is := placesOf(before), placesOf(after)
	for i, e := range after.Entries {
		now := after.Planned(i)
		old, known := was[e.Stream]
		c := Change{Stream: e.Stream, RecipientAfter: e.Recipient, After: &now}
		if !known {
			c.Note = leftOut(before, e.Stream)
			d.New = append(d.New, c)
			continue
		}
		c.RecipientBefore, c.Before = old.recipient, &old.amount
		switch {
		case old.recipient != e.Recipient:
			d.Moved = append(d.Moved, c)
		case old.amount != now:
			d.Changed = append(d.Changed, c)
		default:
			d.Unchanged++
		}
	}
	for i, e := range before.Entries {
		if _, stays := is[e.Stream]; stays {
			continue
		}
		old := before.Planned(i)
		d.Gone = append(d.Gone, Change{Stream: e.Stream, RecipientBefore: e.Recipient, Before: &old, Note: leftOut(after, e.Stream)})
	}
	return d
}

// Empty is true when no investor is new, gone, moved or to get another amount.
func (d Difference) Empty() bool {
	return len(d.New)+len(d.Gone)+len(d.Moved)+len(d.Changed) == 0
}

func placesOf(m domain.Manifest) map[string]place {
	out := make(map[string]place, len(m.Entries))
	for i, e := range m.Entries {
		out[e.Stream] = place{e.Recipient, m.Planned(i)}
	}
	return out
}

// leftOut says why a plan left a registered stream out; empty when it does not know the stream.
func leftOut(m domain.Manifest, stream string) string {
	for _, q := range m.Quarantined {
		if q.Stream == stream {
			return q.Reason
		}
	}
	return ""
}

// totalsOf sums a plan. What the investors get is at most the pool, so the sum stays in u64.
func totalsOf(m domain.Manifest) DayTotals {
	t := DayTotals{
		Day: m.Day, Manifest: m.Hash, Streams: len(m.Entries), LeftOut: len(m.Quarantined),
		LockedTotal: m.LockedTotal, Claimed: m.Claimable, DustIn: m.Terms.DustIn, Pool: m.Pool, Creator: m.Creator,
	}
	if o := m.Opening; o != nil {
		t.Exact, t.LockedTotal, t.Claimed, t.Pool, t.Creator = true, o.LockedTotal, o.Claimed, o.Pool, o.Creator
	}
	for i := range m.Entries {
		t.Investors += m.Planned(i)
	}
	return t
}
