package sheet

import (
	"bytes"
	_ "embed" // The page and its style are part of the program: a report needs no network to be read.
	"fmt"
	"html/template"
)

//go:embed page.html
var pageText string

//go:embed style.css
var style string

// HTML writes the sheet as one page that loads nothing: no script, no font, no image from elsewhere. Its content policy
// keeps a browser to that. It follows the reader's choice of light or dark.
func (s Sheet) HTML() ([]byte, error) {
	t, err := template.New("page").Funcs(template.FuncMap{
		"clean": Clean, "draw": Chart.draw,
		"shown": func(t Table) [][]Cell { rows, _ := t.Shown(); return rows },
		"more":  func(t Table) int { _, more := t.Shown(); return more },
		"href":  func(link string) template.URL { return template.URL(safeLink(link)) }, //nolint:gosec // Checked: http(s) only.
		"style": func() template.CSS { return template.CSS(style) },                     //nolint:gosec // Our own file.
	}).Parse(pageText)
	if err != nil {
		return nil, fmt.Errorf("parse the report's page: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, s); err != nil {
		return nil, fmt.Errorf("write %s as HTML: %w", s.Title, err)
	}
	return b.Bytes(), nil
}
