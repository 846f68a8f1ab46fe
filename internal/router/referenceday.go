package router

import (
	"fmt"
	"math"
)

// DayPage is one page of a whole day.
type DayPage struct {
	Cursor      uint32
	CursorAfter uint32 // Cursor plus page size, even past the end of the list.
	Page
}

// DayResult is a whole reference day. When Closed, Claimed + DustIn = Distributed + Creator + DustOut, exactly.
type DayResult struct {
	Opening
	Pages       []DayPage
	Distributed uint64
	DustOut     uint64
	Closed      bool
	// Stranded is what was claimed on a day that cannot close because it has no stream or nothing to distribute: the
	// money stays in the treasury and the creator is not paid.
	Stranded uint64
}

// ReferenceDay runs all pages and the close of a day of the reference behaviour (CHAIN.md §1). shares are the valid
// registered streams in registered order. Without shares, or with neither claim nor dust, the window is consumed and
// the day stays open: Closed is false. Errors: 6005 for a page size outside 1–50, those of OpenDay and PayPage.
func ReferenceDay(terms DayTerms, shares []Share, pageSize uint32) (DayResult, error) {
	if err := CheckPageSize(pageSize); err != nil {
		return DayResult{}, fmt.Errorf("reference day with pages of %d: %w", pageSize, err)
	}
	opening, err := OpenDay(terms, shares)
	if err != nil {
		return DayResult{}, fmt.Errorf("reference day: %w", err)
	}
	day := DayResult{Opening: opening}
	if len(shares) == 0 || terms.Claimed == 0 && terms.DustIn == 0 {
		day.Stranded, day.DustOut = terms.Claimed, terms.DustIn
		return day, nil
	}
	cursor := uint32(0)
	for start := uint64(0); start < uint64(len(shares)); start = uint64(cursor) {
		end := min(start+uint64(pageSize), uint64(len(shares)))
		page, err := PayPage(opening, terms, shares[start:end], day.Distributed)
		if err != nil {
			return DayResult{}, fmt.Errorf("reference day at cursor %d: %w", cursor, err)
		}
		if cursor > math.MaxUint32-pageSize {
			return DayResult{}, fmt.Errorf("reference day: cursor %d: %w", cursor, CodeArithmeticOverflow)
		}
		day.Pages = append(day.Pages, DayPage{Cursor: cursor, CursorAfter: cursor + pageSize, Page: page})
		day.Distributed = page.Cumulative
		cursor += pageSize
	}
	if day.DustOut, err = CloseDay(opening, day.Distributed); err != nil {
		return DayResult{}, fmt.Errorf("reference day: %w", err)
	}
	day.Closed = true
	return day, nil
}

// CloseDay is the dust that the closing page leaves for the next day: what the pool held and no page paid.
func CloseDay(o Opening, distributed uint64) (dustOut uint64, err error) {
	if dustOut, err = sub(o.Pool, distributed); err != nil {
		return 0, fmt.Errorf("close day: paid more than the pool: %w", err)
	}
	return dustOut, nil
}
