package config_test

import (
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/config"
)

var update = flag.Bool("update", false, "write the golden schema")

func TestSchema_IsTheGoldenOne(t *testing.T) {
	const golden = "testdata/schema.json"
	got, err := config.Schema()
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile(golden, got, 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "run go test ./config -update and look at the difference")
}

func TestSchema_EverySectionIsClosedAndEveryKeyDescribed(t *testing.T) {
	raw, err := config.Schema()
	require.NoError(t, err)
	var root map[string]any
	require.NoError(t, json.Unmarshal(raw, &root))
	keys := 0
	var walk func(at string, node map[string]any)
	walk = func(at string, node map[string]any) {
		if items, ok := node["items"].(map[string]any); ok {
			walk(at+"[]", items)
		}
		properties, ok := node["properties"].(map[string]any)
		if !ok {
			return
		}
		require.Equal(t, false, node["additionalProperties"], at)
		for name, p := range properties {
			keys++
			property := p.(map[string]any)
			require.NotEmpty(t, property["description"], at+"."+name)
			walk(at+"."+name, property)
		}
	}
	walk("", root)
	require.Greater(t, keys, 80)
}
