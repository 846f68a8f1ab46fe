package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// mostReport bounds a report that is shown; a larger file in the directory is none of ours.
const mostReport = 32 << 20

// Folder is a directory of saved reports. It reads the files of that directory alone, wherever their names or links lead.
type Folder struct{ Dir string }

// Saved lists the reports. A directory that is not there yet has none.
func (f Folder) Saved(context.Context) ([]Saved, error) {
	entries, err := os.ReadDir(f.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list reports: %w", err)
	}
	byName := map[string]*Saved{}
	for _, e := range entries {
		name, ext, _ := strings.Cut(e.Name(), ".")
		if _, known := reportTypes[ext]; !known || name == "" || !e.Type().IsRegular() {
			continue
		}
		info, err := e.Info()
		if err != nil {
			continue // It went while we looked.
		}
		one := byName[name]
		if one == nil {
			one = &Saved{Name: name}
			byName[name] = one
		}
		if info.ModTime().After(one.At) {
			one.At = info.ModTime().UTC()
		}
		one.Files = append(one.Files, SavedFile{Name: e.Name(), Ext: ext, Bytes: info.Size()})
	}
	out := make([]Saved, 0, len(byName))
	for _, one := range byName {
		out = append(out, *one)
	}
	slices.SortFunc(out, func(a, b Saved) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.Name, b.Name)) })
	return out, nil
}

// Read gives one file.
func (f Folder) Read(_ context.Context, name string) ([]byte, error) {
	root, err := os.OpenRoot(f.Dir)
	if err != nil {
		return nil, fmt.Errorf("open the reports: %w", err)
	}
	defer func() { _ = root.Close() }() // It was only read.
	info, err := root.Lstat(name)
	if err != nil || !info.Mode().IsRegular() || strings.HasPrefix(name, ".") { // Hidden files are half-written ones, or none of ours.
		return nil, fmt.Errorf("report %q: %w", name, fs.ErrNotExist)
	}
	file, err := root.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open report %q: %w", name, err)
	}
	defer func() { _ = file.Close() }() // It was only read.
	body, err := io.ReadAll(io.LimitReader(file, mostReport+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read report %q: %w", name, err)
	case len(body) > mostReport:
		return nil, fmt.Errorf("report %q has more than %d bytes: read it where it lies", name, mostReport)
	}
	return body, nil
}
