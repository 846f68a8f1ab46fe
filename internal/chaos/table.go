package chaos

import "slices"

// Scenarios lists everything that can go wrong, in the order in which tables show it.
func Scenarios() []Scenario {
	return slices.Concat(processes(), fates(), endpoints(), strangers(), clocks(), terms(), streams(), published(), orders())
}
