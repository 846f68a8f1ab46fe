package domain

import "fmt"

// Outline is what is kept of a plan that is looked at again and again: its figures without its lists. A stream of a
// manifest takes about 250 bytes in memory, and one of an outline 8, so that whoever watches a thousand vaults can hold
// all their plans.
type Outline struct {
	Investors   int // Entries of the plan.
	Quarantined int // Registered streams that it leaves out.

	bare  Manifest // Without any list.
	first int      // The first cursor of owed; what is owed from an earlier one does not fit an Amount.
	owed  []Amount // By cursor from first on; the last one is the creator's alone.
}

// Outline takes the plan's figures.
func (m Manifest) Outline() Outline {
	n := len(m.Entries)
	o := Outline{Investors: n, Quarantined: len(m.Quarantined), owed: make([]Amount, n+1)}
	o.owed[n] = m.Creator
	if m.Opening != nil {
		o.owed[n] = m.Opening.Creator
	}
	for i := n - 1; i >= 0; i-- {
		sum, err := o.owed[i+1].Add(m.Planned(i))
		if err != nil {
			o.first = i + 1 // Earlier sums are larger still.
			break
		}
		o.owed[i] = sum
	}
	o.owed = o.owed[o.first:]
	o.bare = m
	o.bare.Entries, o.bare.Quarantined, o.bare.Pages = nil, nil, nil
	if m.Opening != nil {
		opening := *m.Opening
		opening.Locked, opening.Expected = nil, nil
		o.bare.Opening = &opening
	}
	return o
}

// Opens says what Manifest.Opens says.
func (o Outline) Opens(ts int64) bool { return o.bare.Opens(ts) }

// Owed says what Manifest.Owed says, and ErrOverflow where that does.
func (o Outline) Owed(cursor uint32) (Amount, error) {
	at := min(int(cursor), o.Investors)
	if at < o.first {
		return 0, fmt.Errorf("owed from %d on: %w", cursor, ErrOverflow)
	}
	return o.owed[at-o.first], nil
}
