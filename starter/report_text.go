package main

import (
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/meteora-fee-router/feeops/internal/report/sheet"
)

// printSheet writes a report for a terminal: no line is longer than the tables' width, and no text of a stranger can move
// the cursor.
func (c *cli) printSheet(s sheet.Sheet) {
	c.para(0, s.Title)
	for _, f := range s.Facts {
		c.para(0, fmt.Sprintf("%s: %s", f.Name, f.Value))
	}
	for _, part := range s.Sections {
		fmt.Fprintln(c.stdout)
		c.para(0, part.Title)
		for _, p := range part.Text {
			c.para(0, p)
		}
		for _, t := range part.Tables {
			c.printRows(t)
		}
		for _, i := range part.Items {
			c.para(2, fmt.Sprintf("[%s] %s", i.Label, i.Text))
			c.para(6, i.Evidence)
			if i.Next != "" {
				c.para(6, "next: "+i.Next)
			}
		}
	}
	if s.Verdict.Text != "" {
		fmt.Fprintln(c.stdout)
		c.para(0, "Overall: "+s.Verdict.Text)
	}
}

// para writes a paragraph, indented.
func (c *cli) para(indent int, s string) {
	if s = sheet.Clean(s); s == "" {
		return
	}
	for _, line := range wordWrap(s, width-indent) {
		fmt.Fprintln(c.stdout, strings.Repeat(" ", indent)+line)
	}
}

func (c *cli) printRows(t sheet.Table) {
	if len(t.Rows) == 0 {
		c.para(0, t.Empty)
		return
	}
	room := columnRoom(t)
	header := make([]any, len(t.Columns))
	var columns []table.ColumnConfig
	for i, col := range t.Columns {
		header[i] = strings.Join(wordWrap(col.Name, room[i]), "\n")
		one := table.ColumnConfig{Number: i + 1}
		if col.Right {
			one.Align, one.AlignHeader = text.AlignRight, text.AlignRight
		}
		columns = append(columns, one)
	}
	if t.Title != "" {
		c.para(1, t.Title) // A table's own title would be cut to the table's width.
	}
	out := newTable("", header...)
	out.SetColumnConfigs(columns)
	rows, more := t.Shown()
	for _, row := range rows {
		cells := make(table.Row, len(row))
		for i, cell := range row {
			cells[i] = strings.Join(wordWrap(sheet.Clean(cell.Text), room[i]), "\n")
		}
		out.AppendRow(cells)
	}
	fmt.Fprintln(c.stdout, out.Render())
	if more > 0 {
		c.para(0, fmt.Sprintf("%d more rows; --json has all.", more))
	}
}

// wordWrap breaks a text between words; a word that is longer than the line is broken anywhere.
func wordWrap(s string, room int) []string {
	room = max(room, 1)
	lines := []string{""}
	for word := range strings.FieldsSeq(s) {
		last := &lines[len(lines)-1]
		switch have, need := shownWidth(*last), shownWidth(word); {
		case have == 0:
			*last = word
		case have+1+need <= room:
			*last += " " + word
		default:
			lines = append(lines, word)
		}
		for last = &lines[len(lines)-1]; shownWidth(*last) > room; last = &lines[len(lines)-1] {
			head := text.Trim(*last, room)
			lines = append(lines[:len(lines)-1], head, strings.TrimPrefix(*last, head))
		}
	}
	return lines
}

func shownWidth(s string) int { return text.StringWidthWithoutEscSequences(s) }

// longestWord is how much of a word keeps a column from getting narrower; a longer one, such as a signature, is broken.
const longestWord = 24

// columnRoom gives each column as much as its longest text needs. When all together are too wide, the widest gives way,
// down to its longest word; then words are broken.
func columnRoom(t sheet.Table) []int {
	room, least := make([]int, len(t.Columns)), make([]int, len(t.Columns))
	rows, _ := t.Shown()
	note := func(i int, s string) {
		s = sheet.Clean(s)
		room[i] = max(room[i], shownWidth(s))
		for word := range strings.FieldsSeq(s) {
			least[i] = max(least[i], min(shownWidth(word), longestWord))
		}
	}
	for i, col := range t.Columns {
		note(i, col.Name)
		for _, row := range rows {
			note(i, row[i].Text)
		}
	}
	for {
		sum, widest := 2+2*(len(room)-1), -1 // A blank at each side, two between columns.
		for i, w := range room {
			sum += w
			if w > least[i] && (widest < 0 || w > room[widest]) {
				widest = i
			}
		}
		switch {
		case sum <= width:
			return room
		case widest < 0:
			for i := range least {
				least[i] = max(1, least[i]-1)
			}
		default:
			room[widest]--
		}
	}
}
