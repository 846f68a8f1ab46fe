package bench

import (
	"fmt"
	"strings"
)

// About says where the figures come from, and which there are none of.
func (r Result) About() string {
	var b strings.Builder
	build := r.Machine.Build
	if build == "" {
		build = "not committed"
	}
	fmt.Fprintf(
		&b, "Measured %s in %d s on %d processors, %s, %s, build %s, slots of %d ms; load of the machine %s before and %s after.\nRepeat: %s\n",
		r.Started.Format("2006-01-02 15:04 UTC"), r.DurationMS/1000, r.Machine.Processors, r.Machine.Platform, r.Machine.Go, build, r.SlotMS,
		show(r.Machine.LoadBefore), show(r.Machine.LoadAfter), r.Command,
	)
	for _, g := range r.NotMeasured {
		fmt.Fprintf(&b, "Not measured: %s: %s.\n", g.What, g.Why)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
