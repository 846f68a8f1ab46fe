// Package distribution is the day of one vault in plain Go: read the vault at one slot, plan the day, check it, turn
// its pages, settle and reconcile. It knows neither Temporal nor fx; activities make its steps durable.
//
// The chain decides everything: a plan is a forecast until the first page has opened the day, a page is turned when
// the progress account says so, and an investor is paid when his token balance grew (DESIGN.md §1).
package distribution
