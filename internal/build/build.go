// Package build says which build of the program this is.
package build

import (
	"runtime/debug"
	"strings"
)

// stamp is set by the linker where the source has no version control, as in a container:
//
//	go build -ldflags "-X github.com/meteora-fee-router/feeops/internal/build.stamp=$(git rev-parse HEAD)"
var stamp string

// digits is how much of a revision is a name.
const digits = 12

// ID names the build: the linker's stamp, the revision of a clean checkout, or the version of a released module. It is
// empty when nothing tells one build from another, as with changes that are not committed: two different programs must
// never go by one name.
func ID() string {
	info, _ := debug.ReadBuildInfo()
	return identify(stamp, info)
}

func identify(stamp string, info *debug.BuildInfo) string {
	if stamp != "" {
		return clean(stamp)
	}
	if info == nil {
		return ""
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	switch {
	case settings["vcs.modified"] == "true":
		return ""
	case settings["vcs.revision"] != "":
		return clean(settings["vcs.revision"])
	case info.Main.Version != "" && info.Main.Version != "(devel)":
		return clean(info.Main.Version)
	}
	return ""
}

// clean leaves what may stand in a build id of Temporal, and shortens a revision.
func clean(id string) string {
	id = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, id)
	if len(id) >= 40 && strings.Trim(id, "0123456789abcdef") == "" {
		return id[:digits]
	}
	return id[:min(len(id), 60)]
}
