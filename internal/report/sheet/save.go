package sheet

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// File is one format of a report.
type File struct {
	Ext  string // Without dot.
	Body []byte
}

// mostVersions bounds the search for a free name; a report made so often on one day is made by a mistake.
const mostVersions = 1000

// Save writes the files of one report as DIR/NAME.EXT, all with the same version: NAME, or NAME-v2, -v3, … when a file of
// an earlier one stands there. A reader never sees half a file, and no file is ever replaced. The directory is made.
func Save(dir, name string, files []File) (paths []string, err error) {
	if name == "" || name != filepath.Base(name) || name == "." || name == ".." {
		return nil, fmt.Errorf("save report %q: the name must be a file name", name)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("save report %s: make the directory: %w. Check reports.dir and its owner", name, err)
	}
	written := make([]string, 0, len(files))
	defer func() {
		for _, tmp := range written {
			_ = os.Remove(tmp) // Only another name of the finished file, or a leftover of a failure that is told.
		}
	}()
	for _, f := range files {
		tmp, err := writeTemp(dir, name, f)
		if err != nil {
			return nil, fmt.Errorf("save report %s.%s in %s: %w. Check the directory's owner and the free space", name, f.Ext, dir, err)
		}
		written = append(written, tmp)
	}
	for version := 1; version <= mostVersions; version++ {
		paths, err = publish(dir, versioned(name, version), files, written)
		if !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("save report %s in %s: %w", name, dir, err)
	}
	return paths, syncDir(dir)
}

func versioned(name string, version int) string {
	if version == 1 {
		return name
	}
	return fmt.Sprintf("%s-v%d", name, version)
}

// writeTemp puts the whole file on the disk under a name that nobody looks for.
func writeTemp(dir, name string, f File) (string, error) {
	tmp, err := os.CreateTemp(dir, "."+name+"-*.tmp") // Mode 0600.
	if err != nil {
		return "", err
	}
	_, err = tmp.Write(f.Body)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return "", errors.Join(err, os.Remove(tmp.Name()))
	}
	return tmp.Name(), nil
}

// publish gives every file its name, or none: a link fails when the name is taken, which a rename does not.
func publish(dir, name string, files []File, written []string) ([]string, error) {
	var paths []string
	for i, f := range files {
		path := filepath.Join(dir, name+"."+f.Ext)
		if err := claim(written[i], path); err != nil {
			for _, done := range paths {
				err = errors.Join(err, os.Remove(done)) // Ours, of this very attempt.
			}
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// claim gives a finished file a name that is free. Where there are no hard links the name is taken first, and the file put
// over our own empty one.
func claim(written, path string) error {
	err := os.Link(written, path)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	mark, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(mark.Close(), os.Rename(written, path))
}

// syncDir makes the new names last. Some file systems cannot; the files themselves are on the disk.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("save reports in %s: %w", dir, err)
	}
	_ = d.Sync()
	return d.Close()
}
