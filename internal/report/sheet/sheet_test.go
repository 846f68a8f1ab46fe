package sheet_test

import (
	"encoding/csv"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/report/sheet"
)

// hostile are names that somebody could give a vault.
var hostile = []string{
	`=HYPERLINK("http://evil","x")`, "+1+1", "-2+3", "@SUM(A1)", "\t=1", " =1", "＝1+1",
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `</td></table><h1>`, `{{.}}`,
	"[click](http://evil)", "![x](http://evil/p.png)", "<http://evil>", "http://evil.example/x", "www.evil.example", "a@evil.example",
	"`code`", "**bold** _it_ ~~gone~~", "a | b | c", "# head", "1. one", "- item", "> quote", "&lt;b&gt;", `back\slash`, "$x$",
	"two\nlines\r\n| x |", "\x1b[31mred\x1b[0m", "\u202egnp.exe", "nul\x00byte", "zero\u200bwidth",
}

// every makes a sheet in which every place holds the text.
func every(s string) sheet.Sheet {
	return sheet.Sheet{
		Title: s, Verdict: sheet.T(s), Facts: []sheet.Fact{{Name: s, Value: s}},
		Sections: []sheet.Section{{
			Title: s, Text: []string{s}, Items: []sheet.Item{{Label: s, Text: s, Evidence: s, Next: s}},
			Tables: []sheet.Table{
				{Title: s, Columns: []sheet.Column{{Name: s}, {Name: s, Right: true}}, Rows: [][]sheet.Cell{{sheet.T(s), {Text: s, Link: "http://127.0.0.1:8080/w?x=" + url.QueryEscape(s)}}}},
				{Title: s, Empty: s},
			},
			Charts: []sheet.Chart{
				{Title: s, Series: []string{s}, Bars: []sheet.Bar{{Label: s, Total: s, Parts: []sheet.Part{{Size: 1, Text: s}}}}},
				{Title: s, Upward: true, Series: []string{s}, Bars: []sheet.Bar{{Label: s, Parts: []sheet.Part{{Size: 1, Text: s}}}}},
			},
		}},
		Data: sheet.Table{Columns: []sheet.Column{{Name: "name"}, {Name: "n"}}, Rows: [][]sheet.Cell{{sheet.T(s), sheet.N("-5")}}},
	}
}

var tag = regexp.MustCompile(`<(/?[a-zA-Z!][a-zA-Z0-9]*)[^>]*>`)

func tags(t require.TestingT, s sheet.Sheet) []string {
	page, err := s.HTML()
	require.NoError(t, err)
	var out []string
	for _, m := range tag.FindAllStringSubmatch(string(page), -1) {
		out = append(out, m[1])
	}
	return out
}

// nodes lists the kinds of a Markdown document as readers' programs see it, without what only splits texts, and its text.
func nodes(t require.TestingT, s sheet.Sheet) (kinds []string, said string) {
	source := s.Markdown()
	doc := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(source))
	var b strings.Builder
	require.NoError(t, ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Text:
			b.Write(n.Value(source))
			return ast.WalkContinue, nil
		case *ast.String:
			b.Write(n.Value)
			return ast.WalkContinue, nil
		}
		kinds = append(kinds, n.Kind().String())
		return ast.WalkContinue, nil
	}))
	return kinds, b.String()
}

func TestHostileNames_MeanNothingInAnyFormat(t *testing.T) {
	plainTags := tags(t, every("harmless"))
	plainNodes, _ := nodes(t, every("harmless"))
	for _, name := range hostile {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, plainTags, tags(t, every(name)), "the page has the same elements")
			kinds, _ := nodes(t, every(name))
			require.Equal(t, plainNodes, kinds, "%s", every(name).Markdown())
			body, err := every(name).CSV()
			require.NoError(t, err)
			rows, err := csv.NewReader(strings.NewReader(string(body))).ReadAll()
			require.NoError(t, err)
			require.Len(t, rows, 2)
			require.NotContains(t, "=+-@＝＋－＠", firstOf(strings.TrimLeft(rows[1][0], " \u00a0\u3000")), "no spreadsheet computes it")
			require.Equal(t, "-5", rows[1][1], "our own numbers stay numbers")
			for _, format := range sheet.Formats() {
				if format == "json" {
					continue
				}
				body, err := sheet.Render(paged{every(name)}, format)
				require.NoError(t, err)
				require.NotRegexp(t, "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u202e]", string(body), "%s: nothing obeys it", format)
			}
		})
	}
}

// paged shows a bare sheet.
type paged struct{ s sheet.Sheet }

func (p paged) Sheet() sheet.Sheet { return p.s }

func firstOf(s string) string {
	for _, r := range s {
		return string(r)
	}
	return "none"
}

// Any text at all: the structure stays, and Markdown says the text.
func TestAnyText_KeepsTheStructureAndIsSaid(t *testing.T) {
	plainTags := tags(t, every("harmless"))
	plainNodes, _ := nodes(t, every("harmless"))
	letters := rapid.RuneFrom([]rune("ab1 .,:;/\\'\"`*_[](){}<>#+-=|~!&@$^%?w\n\t\r中ß"))
	rapid.Check(t, func(t *rapid.T) {
		s := "x" + rapid.StringOfN(letters, 1, 24, -1).Draw(t, "name")
		if rapid.Bool().Draw(t, "bare") {
			s = s[1:]
		}
		if strings.TrimSpace(sheet.Clean(s)) == "" {
			return
		}
		require.Equal(t, plainTags, tags(t, every(s)))
		kinds, _ := nodes(t, every(s))
		require.Equal(t, plainNodes, kinds, "%s", every(s).Markdown())
		_, said := nodes(t, sheet.Sheet{Title: s})
		want := strings.Join(strings.Fields(sheet.Clean(s)), " ")
		require.Equal(t, want, strings.Join(strings.Fields(unescaped(said)), " "))
	})
}

var escape = regexp.MustCompile(`\\([!-/:-@\[-` + "`" + `{-~])`)

// unescaped takes the backslashes off that the parser keeps in its text.
func unescaped(s string) string { return escape.ReplaceAllString(s, "$1") }

func TestPage_LoadsNothingAndRunsNothing(t *testing.T) {
	page, err := every("vault").HTML()
	require.NoError(t, err)
	text := string(page)
	require.Contains(t, text, "default-src 'none'")
	require.NotContains(t, text, "<script")
	require.NotRegexp(t, `(?i)(src|href)="(?:https?:)?//(?:[^1])`, text, "no address but the links of the report")
	require.NotContains(t, text, "url(")
	require.NotContains(t, text, "@import")
	require.Contains(t, text, "prefers-color-scheme: dark")
}

func TestLinks_OtherSchemesAreText(t *testing.T) {
	for _, link := range []string{"javascript:alert(1)", "data:text/html,x", "//evil", "file:///etc/passwd", ":", "http://"} {
		s := sheet.Sheet{Sections: []sheet.Section{{Tables: []sheet.Table{{Columns: []sheet.Column{{Name: "a"}}, Rows: [][]sheet.Cell{{{Text: "run", Link: link}}}}}}}}
		page, err := s.HTML()
		require.NoError(t, err)
		require.NotContains(t, string(page), "<a ", link)
		require.NotContains(t, string(s.Markdown()), "](", link)
	}
}

func TestChart_LengthsFollowTheFigures(t *testing.T) {
	most := uint64(1<<64 - 1)
	s := sheet.Sheet{Sections: []sheet.Section{{Charts: []sheet.Chart{{
		Series: []string{"paid", "dust"},
		Bars: []sheet.Bar{
			{Label: "all", Parts: []sheet.Part{{Size: most, Text: "all"}, {Size: most, Text: "more"}}},
			{Label: "half", Parts: []sheet.Part{{Size: most / 2, Text: "half"}}},
			{Label: "one unit", Parts: []sheet.Part{{Size: 1, Text: "one unit"}}},
			{Label: "nothing", Parts: []sheet.Part{{Size: 0, Text: "nothing"}}},
		},
	}}}}}
	page, err := s.HTML()
	require.NoError(t, err)
	widths := regexp.MustCompile(`<rect class="s(\d)"[^>]*width="([0-9.]+)"`).FindAllStringSubmatch(string(page), -1)
	var got []string
	for _, w := range widths {
		got = append(got, w[1]+" "+w[2])
	}
	require.Equal(t, []string{"1 368.50", "2 368.50", "1 183.49", "1 0.50"}, got, "sums that pass the largest number wrap nowhere, and one unit is seen")
}

func TestLongTables_ArePeoplesLengthAndSaySo(t *testing.T) {
	table := sheet.Table{Columns: []sheet.Column{{Name: "n"}}}
	for range sheet.MostRows + 5 {
		table.Rows = append(table.Rows, sheet.Row("row"))
	}
	s := sheet.Sheet{Sections: []sheet.Section{{Tables: []sheet.Table{table}}}, Data: table}
	page, err := s.HTML()
	require.NoError(t, err)
	require.Equal(t, sheet.MostRows, strings.Count(string(page), ">row<"))
	require.Contains(t, string(page), "5 more rows")
	require.Equal(t, sheet.MostRows, strings.Count(string(s.Markdown()), "| row |"))
	require.Contains(t, string(s.Markdown()), "5 more rows")
	all, err := s.CSV()
	require.NoError(t, err)
	require.Equal(t, sheet.MostRows+5, strings.Count(string(all), "row"))
}
