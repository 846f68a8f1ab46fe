package devstack

import (
	"slices"
	"strings"
)

// Environment is what a stack's worker and the commands that use it inherit. Everything else is left out on purpose:
// RPC_URL, KEYPAIR_PATH or FEEOPS_* set for a real network would override the stack's settings, and a demonstration
// would move real money.
func Environment(all []string) []string {
	keep := []string{
		"PATH", "HOME", "USER", "TMPDIR", "TMP", "TEMP", "TZ", "LANG", "LC_ALL", "TERM", "NO_COLOR", "SYSTEMROOT", "USERPROFILE",
		"LOCALAPPDATA", "XDG_CACHE_HOME", "GOMAXPROCS", "GOGC", "GOMEMLIMIT", "GODEBUG", "GOTRACEBACK", "GOCOVERDIR", "FEEOPS_HOME",
	}
	var out []string
	for _, kv := range all {
		name, _, _ := strings.Cut(kv, "=")
		if slices.Contains(keep, strings.ToUpper(name)) {
			out = append(out, kv)
		}
	}
	return out
}
