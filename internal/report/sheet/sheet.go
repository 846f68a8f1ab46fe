// Package sheet is a report in the form in which people read it: facts, sections, tables and charts. One sheet is written
// as Markdown, HTML, CSV or terminal text, so that no format can say something else than another.
//
// Texts may come from strangers: names of vaults, messages of errors. Each format escapes what means something there, and
// all drop control characters, because a terminal obeys them and a reader is fooled by text that runs backwards.
package sheet

import (
	"strings"
	"unicode"
)

// Tone says how something stands. It only adds to the words: a reader who sees no colours loses nothing.
type Tone string

// Tones.
const (
	Plain Tone = ""
	Good  Tone = "good"
	Warn  Tone = "warn"
	Bad   Tone = "bad"
	Muted Tone = "muted" // Unknown, or not assessed.
)

// Sheet is one report.
type Sheet struct {
	Title    string
	Verdict  Cell // Empty: the report judges nothing.
	Facts    []Fact
	Sections []Section
	Data     Table // What CSV holds: one row for each thing that the report counts.
}

// Fact is one line of the head: window, source, coverage.
type Fact struct{ Name, Value string }

// Section is a part with its heading.
type Section struct {
	Title  string
	Text   []string // Paragraphs.
	Charts []Chart
	Tables []Table
	Items  []Item
}

// Item is a finding or recommendation with what shows it.
type Item struct {
	Tone     Tone
	Label    string // Such as high.
	Text     string
	Evidence string
	Next     string // A command, or what to do.
}

// Table has as many cells in every row as columns.
type Table struct {
	Title   string
	Columns []Column
	Rows    [][]Cell
	Empty   string // Said instead of a table without rows; also then nothing is hidden.
}

// MostRows is how many rows of a table people are shown: nobody reads more, and no browser likes to draw them. JSON has
// all, and CSV has what the report counts.
const MostRows = 1_000

// Shown are the rows for people, and how many more there are.
func (t Table) Shown() (rows [][]Cell, more int) {
	n := min(len(t.Rows), MostRows)
	return t.Rows[:n], len(t.Rows) - n
}

// Column heads a column of a table.
type Column struct {
	Name  string
	Right bool // Numbers stand at the right.
}

// Cell is one value.
type Cell struct {
	Text   string
	Link   string // http(s) address; other schemes are not linked.
	Tone   Tone
	Number bool // The text is a number of our own making: CSV leaves its sign alone.
}

// T is a cell of text.
func T(text string) Cell { return Cell{Text: text} }

// N is a cell with a number.
func N(text string) Cell { return Cell{Text: text, Number: true} }

// Toned is a cell of text with a tone.
func Toned(text string, tone Tone) Cell { return Cell{Text: text, Tone: tone} }

// Row makes a row of texts.
func Row(texts ...string) []Cell {
	out := make([]Cell, len(texts))
	for i, t := range texts {
		out[i] = T(t)
	}
	return out
}

// Left and Right make columns.
func Left(name string) Column { return Column{Name: name} }

// Right makes a column of numbers.
func Right(name string) Column { return Column{Name: name, Right: true} }

// Clean makes a text one line without control and format characters: line breaks and tabs become spaces; what moves a
// cursor, colours a terminal, hides or turns text around goes away.
func Clean(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t' || r == '\u2028' || r == '\u2029':
			return ' '
		case unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Co, r) || r == unicode.ReplacementChar:
			return -1
		default:
			return r
		}
	}, s)
}
