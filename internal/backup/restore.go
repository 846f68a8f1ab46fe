package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"time"

	"github.com/meteora-fee-router/feeops/internal/store"
)

// Checked is an archive that was read to its last byte.
type Checked struct {
	Label

	Database string        `json:"database"`
	Rows     int64         `json:"rows"`
	Files    int           `json:"files"`
	Settings bool          `json:"settings"`
	Signed   bool          `json:"signed"` // By a key that is known here.
	Took     time.Duration `json:"-"`

	Setup []store.AuditEntry `json:"-"` // What setup had written into the store that was filled: it is not in it any more.
}

// nothing takes everything and keeps nothing.
func nothing() visitor {
	return visitor{
		settings: func([]byte) error { return nil },
		row:      func(store.Shape, []any) error { return nil },
		file:     func(_, _ string, body io.Reader) error { _, err := io.Copy(io.Discard, body); return err },
	}
}

// Verify reads a whole archive: a known key signed it, it opens with a key, every part is as it was written, and none is missing. beat may be nil.
func (p *Place) Verify(ctx context.Context, label Label, keys Keys) (Checked, error) {
	r, err := p.read(ctx, label, keys)
	if err != nil {
		return Checked{}, err
	}
	defer r.close()
	v, out := nothing(), Checked{Label: label, Database: r.Head.Database, Signed: label.SignedBy(keys.Signers)}
	v.settings = func([]byte) error { out.Settings = true; return nil }
	if err := r.rest(v); err != nil {
		return Checked{}, r.fail(p, err)
	}
	out.Rows, out.Files = r.Contents.Rows(), r.Contents.Files()
	return out, nil
}

// Target is where a backup goes. All of it must be empty.
type Target struct {
	DSN      string   // Empty: no store.
	Folders  []Folder // By their names in the archive; files of others are left out.
	Settings string   // File for the settings; empty: none.
}

// Restore puts an archive into an empty place. It appears there only when it was read to its end and found whole: the
// store in one transaction, files by a last renaming.
func (p *Place) Restore(ctx context.Context, label Label, keys Keys, to Target) (_ Checked, err error) {
	staged, err := stage(to)
	if err != nil {
		return Checked{}, err
	}
	defer func() { err = errors.Join(err, staged.clean()) }()
	r, err := p.read(ctx, label, keys)
	if err != nil {
		return Checked{}, err
	}
	defer r.close()
	out := Checked{Label: label, Database: r.Head.Database, Signed: label.SignedBy(keys.Signers)}
	v := nothing()
	v.file = staged.file
	v.settings = func(body []byte) error { out.Settings = true; return staged.settings(body) }
	if to.DSN == "" {
		err = r.explain(p, r.rest(v))
	} else {
		var own error // What the archive says, and not the database.
		err = store.Restore(ctx, to.DSN, r.Head.Migrations, func(f *store.Filling) error {
			out.Setup = f.Setup
			own = r.explain(p, fill(ctx, r, f, v))
			return own
		})
		if own == nil {
			err = explainStore(label, err)
		}
	}
	if err != nil {
		return Checked{}, err
	}
	out.Rows, out.Files = r.Contents.Rows(), r.Contents.Files()
	return out, staged.publish()
}

// explain keeps this machine's own errors apart from the archive's.
func (r *reading) explain(p *Place, err error) error {
	var here hereError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &here):
		return fmt.Errorf("restore backup %s: %w", r.label.ID, here.error)
	}
	return r.fail(p, err)
}

// explainStore names the archive beside the store's error.
func explainStore(l Label, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrNewer):
		return refuse("backup %s: %w: %w", l.ID, ErrNewer, err)
	}
	return fmt.Errorf("restore backup %s: %w", l.ID, err)
}

// hereError is an error of the place that is being filled.
type hereError struct{ error }

func (e hereError) Unwrap() error { return e.error }

// fill puts the archive's rows into the store and reads them back.
func fill(ctx context.Context, r *reading, f *store.Filling, v visitor) error {
	if !reflect.DeepEqual(f.Shapes, r.Head.Tables) {
		return fmt.Errorf("%w: its tables are not those that its migrations make", ErrTampered)
	}
	v.row = func(shape store.Shape, values []any) error {
		if err := f.Add(ctx, shape, values); err != nil {
			return hereError{err}
		}
		return nil
	}
	if err := r.rest(v); err != nil {
		return err
	}
	for _, shape := range f.Shapes {
		sum, rows := sha256.New(), int64(0)
		err := f.EachRow(ctx, shape, func(values []any) error {
			line, err := encodeRow(values)
			_, _ = sum.Write(line) // It never fails.
			rows++
			return err
		})
		if err != nil {
			return hereError{err}
		}
		if got := (Table{Rows: rows, SHA256: hex.EncodeToString(sum.Sum(nil))}); got != r.Contents.Tables[shape.Table] {
			return hereError{fmt.Errorf("table %s reads back other rows than were put in: %d of %d", shape.Table, rows, r.Contents.Tables[shape.Table].Rows)}
		}
	}
	return nil
}

// staging holds restored files beside their place until all is well.
type staging struct {
	to    Target
	dirs  map[string]string // Of folders: where their files wait.
	after string            // The settings' file while it waits.
}

// stage looks for what is in the way, before anything is read.
func stage(to Target) (*staging, error) {
	s := &staging{to: to, dirs: map[string]string{}}
	for _, f := range to.Folders {
		list, err := os.ReadDir(f.Dir)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, refuse("%s: %w", f.Dir, fromPlace(err))
		case len(list) > 0:
			return nil, refuse("%s: %w: it holds %d files", f.Dir, ErrTaken, len(list))
		}
	}
	if to.Settings != "" {
		if _, err := os.Lstat(to.Settings); !errors.Is(err, fs.ErrNotExist) {
			return nil, refuse("%s: %w", to.Settings, ErrTaken)
		}
	}
	return s, nil
}

func (s *staging) file(folder, name string, body io.Reader) error {
	dir := ""
	for _, f := range s.to.Folders {
		if f.Name == folder {
			dir = f.Dir
		}
	}
	if dir == "" {
		_, err := io.Copy(io.Discard, body)
		return err
	}
	if s.dirs[folder] == "" {
		if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
			return hereError{err}
		}
		tmp, err := os.MkdirTemp(filepath.Dir(dir), ".restore-*")
		if err != nil {
			return hereError{err}
		}
		s.dirs[folder] = tmp
	}
	out, err := os.OpenFile(filepath.Join(s.dirs[folder], name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return hereError{err}
	}
	_, err = io.Copy(out, body)
	if done := errors.Join(out.Sync(), out.Close()); done != nil {
		return hereError{done}
	}
	return err
}

func (s *staging) settings(body []byte) error {
	if s.to.Settings == "" {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(s.to.Settings), 0o700); err != nil {
		return hereError{err}
	}
	out, err := os.CreateTemp(filepath.Dir(s.to.Settings), ".restore-*")
	if err != nil {
		return hereError{err}
	}
	s.after = out.Name()
	_, err = out.Write(append(body, '\n'))
	if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
		return hereError{err}
	}
	return nil
}

// publish gives everything its name.
func (s *staging) publish() error {
	for _, f := range s.to.Folders {
		if s.dirs[f.Name] == "" {
			continue
		}
		_ = os.Remove(f.Dir) // It is empty, or the renaming says what is in the way.
		if err := os.Rename(s.dirs[f.Name], f.Dir); err != nil {
			return refuse("%s: %w: %w. The store is restored", f.Dir, ErrTaken, err)
		}
		delete(s.dirs, f.Name)
	}
	if s.after != "" {
		if err := os.Link(s.after, s.to.Settings); err != nil {
			return refuse("%s: %w: %w. The store is restored", s.to.Settings, ErrTaken, err)
		}
	}
	return nil
}

func (s *staging) clean() error {
	var err error
	for _, dir := range s.dirs {
		err = errors.Join(err, os.RemoveAll(dir))
	}
	if s.after != "" {
		err = errors.Join(err, os.Remove(s.after))
	}
	return err
}
