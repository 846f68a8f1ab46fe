package sheet

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// Formats are the file formats, in the order in which they are written.
func Formats() []string { return []string{"md", "json", "csv", "html"} }

// Paged is a report: a value whose JSON is its whole content, and which knows how it looks on a sheet.
type Paged interface{ Sheet() Sheet }

// Render writes a report in one format. JSON carries the report itself, the others its sheet.
func Render(r Paged, format string) ([]byte, error) {
	switch format {
	case "json":
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if err := enc.Encode(r); err != nil {
			return nil, fmt.Errorf("write the report as JSON: %w", err)
		}
		return b.Bytes(), nil
	case "md":
		return r.Sheet().Markdown(), nil
	case "csv":
		return r.Sheet().CSV()
	case "html":
		return r.Sheet().HTML()
	}
	return nil, fmt.Errorf("format %q: want one of %v", format, Formats())
}

// RenderAll writes a report in several formats, in the order of Formats.
func RenderAll(r Paged, formats []string) ([]File, error) {
	var files []File
	for _, ext := range Formats() {
		if !slices.Contains(formats, ext) {
			continue
		}
		body, err := Render(r, ext)
		if err != nil {
			return nil, err
		}
		files = append(files, File{Ext: ext, Body: body})
	}
	return files, nil
}
