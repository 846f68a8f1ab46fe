package backup

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/store"
)

func TestRows_EveryValueComesBack(t *testing.T) {
	kinds := []store.ColumnKind{store.ColumnText, store.ColumnInteger, store.ColumnBoolean}
	rapid.Check(t, func(t *rapid.T) {
		var shape store.Shape
		var values []any
		for range rapid.IntRange(1, 8).Draw(t, "columns") {
			kind := rapid.SampledFrom(kinds).Draw(t, "kind")
			shape.Columns = append(shape.Columns, store.Column{Name: "c", Kind: kind})
			switch {
			case rapid.Bool().Draw(t, "null"):
				values = append(values, nil)
			case kind == store.ColumnText: // Also what is no UTF-8.
				values = append(values, string(rapid.SliceOf(rapid.Byte()).Draw(t, "text")))
			case kind == store.ColumnInteger:
				values = append(values, rapid.Int64().Draw(t, "integer"))
			default:
				values = append(values, rapid.Bool().Draw(t, "boolean"))
			}
		}
		line, err := encodeRow(values)
		require.NoError(t, err)
		require.Equal(t, 1, strings.Count(string(line), "\n"))
		got, err := decodeRow(shape, line)
		require.NoError(t, err)
		require.Equal(t, values, got)
	})
}

func FuzzDecodeRow(f *testing.F) {
	shape := store.Shape{Columns: []store.Column{{Name: "a", Kind: store.ColumnText}, {Name: "b", Kind: store.ColumnInteger}, {Name: "c", Kind: store.ColumnBoolean}}}
	for _, line := range []string{`["x", 1, true]`, `[{"base64":"/w=="}, null, false]`, `[1, "x", 2]`, `{}`, `[]`} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		values, err := decodeRow(shape, line)
		if err != nil {
			return
		}
		again, err := encodeRow(values)
		require.NoError(t, err)
		same, err := decodeRow(shape, again)
		require.NoError(t, err)
		require.Equal(t, values, same)
	})
}

func FuzzParseLabel(f *testing.F) {
	const id = "main-20261125T120000Z-abcdef"
	f.Add([]byte(`{"format":1,"id":"` + id + `","made_at":"2026-11-25T12:00:00Z","bytes":5,"sha256":"` + strings.Repeat("0", 64) + `"}`))
	f.Add([]byte(`{`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		l, err := parseLabel(id, raw)
		if err == nil {
			require.Equal(t, id, l.ID)
			require.Positive(t, l.Bytes)
			return
		}
		require.True(t, strings.Contains(err.Error(), id))
	})
}
