package app

// collectAt is how much garbage, in percent of what is in use, the worker lets pile up; Go's own figure is 100.
const collectAt = 50

// collectSooner sets the garbage collector for a worker, which makes much garbage in bursts (a look at the whole fleet, a
// thousand vaults that begin at once) and seldom has the processor to itself. It is a share and not a limit in bytes:
// whatever the fleet's size, the collector's work grows with it and has no cliff. An operator's GOGC decides alone;
// GOMEMLIMIT, the runtime's soft limit, holds beside either. docs/scaling.md has what it saves.
func collectSooner(lookup func(name string) (string, bool), set func(percent int) int) {
	if _, chosen := lookup("GOGC"); chosen {
		return
	}
	set(collectAt)
}
