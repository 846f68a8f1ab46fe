package sheet

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
)

// CSV writes the sheet's data as one table with a header (RFC 4180, UTF-8).
func (s Sheet) CSV() ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	header := make([]string, len(s.Data.Columns))
	for i, c := range s.Data.Columns {
		header[i] = guard(c.Name)
	}
	if err := w.Write(header); err != nil {
		return nil, fmt.Errorf("write %s as CSV: %w", s.Title, err)
	}
	for _, row := range s.Data.Rows {
		line := make([]string, len(row))
		for i, c := range row {
			if line[i] = c.Text; !c.Number {
				line[i] = guard(c.Text)
			}
		}
		if err := w.Write(line); err != nil {
			return nil, fmt.Errorf("write %s as CSV: %w", s.Title, err)
		}
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return nil, fmt.Errorf("write %s as CSV: %w", s.Title, err)
	}
	return b.Bytes(), nil
}

// guard keeps a spreadsheet from taking a text for a formula: it would run what a stranger wrote into a vault's name. The
// apostrophe is what spreadsheets themselves use for "this is text". Some skip blanks before they look, and full-width
// signs count as well.
func guard(s string) string {
	s = Clean(s)
	if at := strings.TrimLeft(s, " \u00a0\u3000"); at != "" && strings.ContainsAny(firstRune(at), "=+-@＝＋－＠") {
		return "'" + s
	}
	return s
}

func firstRune(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}
