package sheet

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ErrTooLarge is a report that is larger than whoever asks for it can take.
var ErrTooLarge = errors.New("larger than can be sent along")

// Read gives a saved report by its file name, if it is no larger than so many bytes. The name comes from a message, which
// anybody may have written who can start a workflow: only a plain file of a report's format is read, and only when it
// lies in the directory itself, whatever links lie there.
func Read(dir, name string, most int64) (_ []byte, err error) {
	if name == "" || name != filepath.Base(name) || strings.HasPrefix(name, ".") || strings.ContainsRune(name, '\\') ||
		!slices.Contains(Formats(), strings.TrimPrefix(filepath.Ext(name), ".")) {
		return nil, fmt.Errorf("report %.80q: this is no file name of a report", name)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("report %s: the directory of reports cannot be opened here: %w", name, err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	info, err := root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("report %s: %w in the directory of reports of this machine", name, fs.ErrNotExist)
	case err != nil:
		return nil, fmt.Errorf("report %s: %w", name, err)
	case !info.Mode().IsRegular(): // A pipe would never end, and a link leads anywhere.
		return nil, fmt.Errorf("report %s: it is no plain file", name)
	case info.Size() > most:
		return nil, fmt.Errorf("report %s: %d bytes: %w", name, info.Size(), ErrTooLarge)
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, fmt.Errorf("report %s: %w", name, err)
	}
	defer func() { _ = f.Close() }() // It was only read.
	body, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(body)) > most {
		err = ErrTooLarge // It has grown since, which no report does.
	}
	if err != nil {
		return nil, fmt.Errorf("report %s: %w", name, err)
	}
	return body, nil
}
