// Package secretfile opens files that hold a key or a token, and refuses those that somebody else on the machine may read
// or put another file in the place of.
package secretfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// Readers are those who may read a file beside its owner.
type Readers fs.FileMode

// Who may read.
const (
	OwnerAlone Readers = 0o077 // Mode 0600 or less.
	GroupToo   Readers = 0o007 // Agents that renew a token often write it for a group.
)

// ErrUnsafe means that the file is there and cannot be trusted; its text says why and what to do.
var ErrUnsafe = errors.New("the file cannot be trusted")

// Read gives the content of a regular file of at most so many bytes. Links are followed, since orchestrators give secrets
// as links, and what they lead to is judged: its mode, that it is this user's or root's, and that not everybody may put
// another file in its place. Errors never quote the content.
func Read(path string, readers Readers, most int64) ([]byte, error) {
	// Without O_NONBLOCK a pipe that nobody writes to would hold the caller for ever.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: %s is not a regular file", ErrUnsafe, path)
	}
	if runtime.GOOS != "windows" { // Its modes say nothing.
		if err := judge(path, info, readers); err != nil {
			return nil, err
		}
	}
	raw, err := io.ReadAll(io.LimitReader(f, most+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", path, err)
	case int64(len(raw)) > most:
		return nil, fmt.Errorf("%w: %s has more than %d bytes", ErrUnsafe, path, most)
	}
	return raw, nil
}

// trusted are this process's own user and root, who can read everything anyway.
func trusted(owner, self int) bool { return owner == self || owner == 0 }

func judge(path string, info fs.FileInfo, readers Readers) error {
	if perm := info.Mode().Perm(); perm&fs.FileMode(readers) != 0 {
		advice := "chmod 600"
		if readers == GroupToo {
			advice = "chmod o-rwx"
		}
		return fmt.Errorf("%w: %s may be used by others on this machine (mode %04o). Run: %s %q", ErrUnsafe, path, perm, advice, path)
	}
	if owner, known := ownerOf(info); known && !trusted(owner, os.Geteuid()) {
		return fmt.Errorf("%w: %s belongs to user %d, who can read and change it at any time. Run: chown %d %q", ErrUnsafe, path, owner, os.Geteuid(), path)
	}
	// Where the link stands, and where what it leads to stands.
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	for _, dir := range []string{filepath.Dir(path), filepath.Dir(target)} {
		at, err := os.Stat(dir)
		if err != nil {
			return err
		}
		// In a sticky directory, such as /tmp, only the owner may remove his files.
		if mode := at.Mode(); mode.Perm()&0o002 != 0 && mode&fs.ModeSticky == 0 {
			return fmt.Errorf("%w: everybody on this machine may put another file in the place of %s (%s has mode %04o). Run: chmod o-w %q", ErrUnsafe, path, dir, mode.Perm(), dir)
		}
	}
	return nil
}
