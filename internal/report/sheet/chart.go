package sheet

import (
	"fmt"
	"math/bits"
)

// Chart is a stacked bar chart. Its figures also stand in a table of the section: a chart shows, it does not tell.
type Chart struct {
	Title  string
	Series []string // Names of the parts, at most four, in the order of the values.
	Bars   []Bar
	Upward bool // Columns that grow upward, for time; otherwise bars to the right, for names.
}

// Bar is one stack.
type Bar struct {
	Label string
	Total string // Words at its end.
	Parts []Part
}

// Part is one value of a stack. Size only decides how long it is drawn.
type Part struct {
	Size uint64
	Text string // The value in words, shown when pointed at.
}

// Geometry of a chart in the units of its view box. Widths are hundredths, so that no length needs a float.
const (
	chartWidth  = 72_000
	labelWidth  = 15_000
	totalWidth  = 20_000
	barHeight   = 1_800
	barStep     = 2_600
	partGap     = 150
	columnRoom  = 16_000
	widestStep  = 6_000
	columnTop   = 800
	columnLabel = 2_200
	mostLabels  = 12
	labelRunes  = 20
)

// drawing is a chart with everything placed.
type drawing struct {
	Title         string
	Alt           string
	Width, Height string
	Shapes        []shape
	Words         []word
	Legend        []legend
}

type shape struct {
	X, Y, W, H string
	Series     int
	Tip        string
}

type word struct {
	X, Y   string
	Anchor string
	Text   string
	Full   string
	Muted  bool
}

type legend struct {
	Series int
	Name   string
}

func units(hundredths uint64) string {
	return fmt.Sprintf("%d.%02d", hundredths/100, hundredths%100)
}

// scaled is size·room/most, rounded down; most must not be smaller than size.
func scaled(size, most, room uint64) uint64 {
	if most == 0 {
		return 0
	}
	hi, lo := bits.Mul64(min(size, most), room)
	out, _ := bits.Div64(hi, lo, most)
	return out
}

// height is the sum of a stack, which stops at the largest number instead of wrapping: lengths may be cut, never wrong ways.
func (b Bar) height() uint64 {
	var sum uint64
	for _, p := range b.Parts {
		var carry uint64
		if sum, carry = bits.Add64(sum, p.Size, 0); carry != 0 {
			return ^uint64(0)
		}
	}
	return sum
}

func (c Chart) most() uint64 {
	var most uint64
	for _, b := range c.Bars {
		most = max(most, b.height())
	}
	return most
}

// draw places everything. A chart without bars is not drawn.
func (c Chart) draw() drawing {
	d := drawing{Title: Clean(c.Title), Width: units(chartWidth)}
	for i, name := range c.Series {
		d.Legend = append(d.Legend, legend{i + 1, Clean(name)})
	}
	d.Alt = fmt.Sprintf("%s: %d bars; the table has the figures.", d.Title, len(c.Bars))
	if c.Upward {
		c.columns(&d)
	} else {
		c.rows(&d)
	}
	return d
}

func (c Chart) rows(d *drawing) {
	most := c.most()
	const room = chartWidth - labelWidth - totalWidth
	for i, b := range c.Bars {
		y, x := uint64(i*barStep)+400, uint64(labelWidth)
		d.Words = append(d.Words, label(labelWidth-600, y+1_300, "end", b.Label, false))
		for n, p := range b.Parts {
			w := scaled(p.Size, most, room)
			if w == 0 && p.Size > 0 {
				w = 100 // Something is there, and must be seen.
			}
			if w == 0 {
				continue
			}
			d.Shapes = append(d.Shapes, shape{units(x), units(y), units(max(w, partGap+50) - partGap), units(barHeight), n + 1, tip(b, c.Series, n)})
			x += w
		}
		d.Words = append(d.Words, label(x+500, y+1_300, "start", b.Total, true))
	}
	d.Height = units(uint64(len(c.Bars)*barStep) + 400)
}

func (c Chart) columns(d *drawing) {
	most := c.most()
	n := uint64(max(1, len(c.Bars)))
	step := min(uint64(chartWidth)/n, widestStep) // A few days are no walls.
	every := (len(c.Bars) + mostLabels - 1) / mostLabels
	for i, b := range c.Bars {
		x, bottom := uint64(i)*step, uint64(columnTop+columnRoom)
		for s, p := range b.Parts {
			h := scaled(p.Size, most, columnRoom)
			if h == 0 && p.Size > 0 {
				h = 100
			}
			if h == 0 {
				continue
			}
			d.Shapes = append(d.Shapes, shape{units(x + step/10), units(bottom - h), units(max(step*8/10, 100)), units(max(h, partGap+50) - partGap), s + 1, tip(b, c.Series, s)})
			bottom -= min(h, bottom)
		}
		if i%max(1, every) == 0 {
			d.Words = append(d.Words, label(x+step/2, columnTop+columnRoom+columnLabel-600, "middle", b.Label, true))
		}
	}
	d.Height = units(columnTop + columnRoom + columnLabel)
}

func tip(b Bar, series []string, n int) string {
	name := ""
	if n < len(series) {
		name = " " + series[n]
	}
	return Clean(fmt.Sprintf("%s%s: %s", b.Label, name, b.Parts[n].Text))
}

func label(x, y uint64, anchor, text string, muted bool) word {
	full := Clean(text)
	short := []rune(full)
	if len(short) > labelRunes && anchor == "end" {
		short = append(short[:labelRunes-1], '…')
	}
	return word{X: units(x), Y: units(y), Anchor: anchor, Text: string(short), Full: full, Muted: muted}
}
