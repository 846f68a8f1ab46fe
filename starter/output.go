package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/mattn/go-isatty"
)

// width is the widest line of any table.
const width = 100

// printJSON writes one object to standard output.
func (c *cli) printJSON(v any) error {
	enc := json.NewEncoder(c.stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

// newTable is the one look of tables: no frame, two spaces between columns, so that wide amounts fit a line.
func newTable(title string, header ...any) table.Writer {
	t := table.NewWriter()
	style := table.StyleLight
	style.Options = table.Options{SeparateHeader: true}
	style.Size.WidthMax = width
	style.Format.Header = text.FormatDefault // As written; capitals only shout.
	style.Title.Format = text.FormatDefault
	t.SetStyle(style)
	if title != "" {
		t.SetTitle(title)
	}
	t.AppendHeader(header)
	return t
}

// rightFrom aligns the columns with numbers, counted from 1.
func rightFrom(t table.Writer, first, last int) {
	var all []table.ColumnConfig
	for n := first; n <= last; n++ {
		all = append(all, table.ColumnConfig{Number: n, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	t.SetColumnConfigs(all)
}

// isTerminal is true when people watch the output.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}

// colored says whether colours may be used: on a terminal, unless --no-color or NO_COLOR say otherwise.
func (c *cli) colored() bool {
	refused := slices.ContainsFunc(c.env, func(kv string) bool { return len(kv) > len("NO_COLOR=") && kv[:len("NO_COLOR=")] == "NO_COLOR=" })
	return !c.noColor && !refused && isTerminal(c.stdout)
}

// wrap breaks a cell's text so that tables keep their width. What would draw on the terminal is taken out of it: names and
// errors come from elsewhere, samples even from a file that somebody sent.
func wrap(s string, width int) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = printable(line)
	}
	return text.WrapSoft(strings.Join(lines, "\n"), width)
}
