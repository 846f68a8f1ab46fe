package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMaterials_EveryDifferenceIsNamed(t *testing.T) {
	built := map[string]string{"std": "1.26.8", "a.example/x": "v1.0.0"}
	pinned := map[string]string{"a.example/x": "v1.0.0", "b.example/test": "v1.0.0"}
	bill := func(extra string) *strings.Reader {
		return strings.NewReader(`{"components":[{"name":"std","version":"go1.26.8"},{"name":"a.example/x","version":"v1.0.0"}` + extra + `]}`)
	}
	problems, n, err := materials(bill(""), built, pinned)
	require.NoError(t, err)
	require.Empty(t, problems)
	require.Equal(t, 1, n)
	problems, _, err = materials(bill(`,{"name":"c.example/y","version":"v1.0.0"}`), built, pinned)
	require.NoError(t, err)
	require.Equal(t, []string{"the bill of materials names c.example/y, which does not stand in the program"}, problems)
	problems, _, err = materials(bill(""), built, map[string]string{"a.example/x": "v1.1.0"})
	require.NoError(t, err)
	require.Equal(t, []string{`a.example/x v1.0.0 stands in the program, and go.mod selects "v1.1.0"`}, problems)
	problems, _, err = materials(strings.NewReader(`{}`), built, pinned)
	require.NoError(t, err)
	require.Len(t, problems, 2)
	_, _, err = materials(strings.NewReader(`{"comp`), built, pinned)
	require.Error(t, err)
}

func TestSort_OnlyLinkedPackagesCountAndSilenceIsNotNone(t *testing.T) {
	const config = `{"config":{}}`
	finding := func(id, pkg string) string {
		return `{"finding":{"osv":"` + id + `","fixed_version":"v2","trace":[{"module":"m","version":"v1","package":"` + pkg + `"}]}}`
	}
	linked := map[string]string{"m/used": ""}
	found, absent, err := sort(strings.NewReader(config+finding("GO-1", "m/used")+finding("GO-2", "m/other")+finding("GO-1", "m/other")), linked)
	require.NoError(t, err)
	require.Equal(t, []string{"GO-1 in m/used of m v1, fixed in v2"}, found)
	require.Equal(t, 1, absent)
	_, _, err = sort(strings.NewReader(""), linked)
	require.Error(t, err)
	_, _, err = sort(strings.NewReader(config+`{"finding":{"osv"`), linked)
	require.Error(t, err)
}
