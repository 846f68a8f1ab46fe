package build

import (
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestID_NamesOneBuildOrNone(t *testing.T) {
	const revision = "7739bb5f0a1c2d3e4f5061728394a5b6c7d8e9f0"
	vcs := func(version, revision, modified string) *debug.BuildInfo {
		return &debug.BuildInfo{Main: debug.Module{Version: version}, Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: revision}, {Key: "vcs.modified", Value: modified}}}
	}
	tests := []struct {
		name  string
		stamp string
		info  *debug.BuildInfo
		want  string
	}{
		{"a stamp", "v1.2.3+linux", nil, "v1-2-3-linux"},
		{"a revision as stamp", revision, vcs("(devel)", "other", "true"), "7739bb5f0a1c"},
		{"a clean checkout", "", vcs("(devel)", revision, "false"), "7739bb5f0a1c"},
		{"a changed checkout is no certain build", "", vcs("(devel)", revision, "true"), ""},
		{"a released module", "", &debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}}, "v1-2-3"},
		{"go run without version control", "", &debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}, ""},
		{"nothing is known", "", nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.want, identify(tt.stamp, tt.info)) })
	}
}
