package backup

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"
	"gocloud.dev/blob"

	"github.com/meteora-fee-router/feeops/internal/store"
)

// maxDocument bounds the entries that are read whole. A chunk is at most one row longer than chunk.
const maxDocument = 256 << 20

// source is an archive's bytes on their way, counted and hashed. It remembers what the storage said: to the layers above
// a broken connection looks like a cut archive.
type source struct {
	from  io.Reader
	sum   hash.Hash
	bytes int64
	err   error
}

func (s *source) Read(b []byte) (int, error) {
	n, err := s.from.Read(b)
	s.bytes += int64(n)
	_, _ = s.sum.Write(b[:n]) // It never fails.
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// reading is an archive that is being read from its beginning to its end, once.
type reading struct {
	Head     Head
	Contents Contents // Known at the end.

	label  Label
	blob   *blob.Reader
	raw    *source
	opened io.Reader // Decrypted.
	zstd   *zstd.Decoder
	tar    *tar.Reader
	seen   []Entry
	tables map[string]*tableSum
}

type tableSum struct {
	rows int64
	sum  hash.Hash
}

// read opens an archive that may be believed and reads its head.
func (p *Place) read(ctx context.Context, label Label, keys Keys) (*reading, error) {
	if err := keys.believe(label); err != nil {
		return nil, refuse("backup %s in %s: %w", label.ID, p, err)
	}
	if len(keys.Identities) == 0 {
		return nil, refuse("backup %s: %w", label.ID, ErrNoKey)
	}
	in, err := p.bucket.NewReader(ctx, archiveKey(label.ID), nil)
	if err != nil {
		return nil, refuse("backup %s in %s: %w", label.ID, p, fromPlace(err))
	}
	r := &reading{label: label, blob: in, raw: &source{from: in, sum: sha256.New()}, tables: map[string]*tableSum{}}
	if err := r.begin(keys.Identities); err != nil {
		err = r.fail(p, err)
		r.close()
		return nil, err
	}
	return r, nil
}

// fail says what is wrong with the archive. Cut off and changed look alike to decryption; the number of bytes does not.
func (r *reading) fail(p *Place, err error) error {
	err = fromArchive(err, r.raw.err)
	if errors.Is(err, ErrTampered) {
		if _, rest := io.Copy(io.Discard, r.raw); rest == nil && r.raw.bytes < r.label.Bytes {
			err = fmt.Errorf("%w: it has %d of %d bytes", ErrTruncated, r.raw.bytes, r.label.Bytes)
		}
	}
	return refuse("backup %s in %s: %w", r.label.ID, p, err)
}

func (r *reading) close() {
	if r.zstd != nil {
		r.zstd.Close()
	}
	_ = r.blob.Close() // It was only read.
}

func (r *reading) begin(keys []age.Identity) (err error) {
	if r.opened, err = age.Decrypt(r.raw, keys...); err != nil {
		return err
	}
	if r.zstd, err = zstd.NewReader(r.opened, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(64<<20)); err != nil {
		return err
	}
	r.tar = tar.NewReader(r.zstd)
	h, err := r.tar.Next()
	switch {
	case err != nil:
		return err
	case h.Name != headName:
		return fmt.Errorf("%w: it begins with %.60q", ErrTampered, h.Name)
	}
	if err := r.document(h, &r.Head); err != nil {
		return err
	}
	switch {
	case r.Head.Format > format:
		return fmt.Errorf("%w: its format is %d, this program knows %d", ErrNewer, r.Head.Format, format)
	case r.Head.Format < 1 || r.Head.ID != r.label.ID:
		return fmt.Errorf("%w: it says that it is %.80q", ErrTampered, r.Head.ID)
	}
	return nil
}

// document reads an entry whole.
func (r *reading) body(h *tar.Header) ([]byte, error) {
	if h.Size > maxDocument {
		return nil, fmt.Errorf("%w: %.80q has %d bytes", ErrTampered, h.Name, h.Size)
	}
	body, err := io.ReadAll(r.tar)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	r.seen = append(r.seen, Entry{Name: h.Name, Bytes: int64(len(body)), SHA256: hex.EncodeToString(sum[:])})
	return body, nil
}

func (r *reading) document(h *tar.Header, v any) error {
	body, err := r.body(h)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, v); err != nil {
		return fmt.Errorf("%w: %.80q: %w", ErrTampered, h.Name, err)
	}
	return nil
}

// visitor takes what an archive holds. Nothing of it may be believed before rest has returned nil.
type visitor struct {
	settings func(body []byte) error
	row      func(shape store.Shape, values []any) error
	file     func(folder, name string, body io.Reader) error
}

// rest reads everything to the last byte and holds it against the contents and the label.
func (r *reading) rest(v visitor) error {
	shapes := map[string]store.Shape{}
	for _, s := range r.Head.Tables {
		shapes[s.Table] = s
		r.tables[s.Table] = &tableSum{sum: sha256.New()}
	}
	for {
		h, err := r.tar.Next()
		switch {
		case errors.Is(err, io.EOF):
			return fmt.Errorf("%w: it has no list of contents", ErrTruncated)
		case err != nil:
			return err
		case h.Typeflag != tar.TypeReg:
			return fmt.Errorf("%w: %.80q is no plain file", ErrTampered, h.Name)
		case h.Name == contentsName:
			return r.end(h)
		}
		if err := r.entry(h, shapes, v); err != nil {
			return err
		}
	}
}

func (r *reading) entry(h *tar.Header, shapes map[string]store.Shape, v visitor) error {
	switch table, isTable := strings.CutPrefix(h.Name, tablesDir); {
	case h.Name == settingsName:
		body, err := r.body(h)
		if err != nil {
			return err
		}
		return v.settings(body)
	case isTable:
		name, _, _ := strings.Cut(table, "/")
		shape, known := shapes[name]
		if !known {
			return fmt.Errorf("%w: %.80q belongs to no table", ErrTampered, h.Name)
		}
		body, err := r.body(h)
		if err != nil {
			return err
		}
		return r.rows(shape, body, v)
	}
	path, isFile := strings.CutPrefix(h.Name, filesDir)
	folder, name, _ := strings.Cut(path, "/")
	if !isFile || !plainName(folder) || !plainName(name) {
		return fmt.Errorf("%w: it holds %.80q", ErrTampered, h.Name)
	}
	sum := sha256.New()
	counted := &counting{to: io.Discard, sum: sum}
	if err := v.file(folder, name, io.TeeReader(r.tar, counted)); err != nil {
		return err
	}
	r.seen = append(r.seen, Entry{Name: h.Name, Bytes: counted.bytes, SHA256: hex.EncodeToString(sum.Sum(nil))})
	return nil
}

// plainName is one that leads to no other directory.
func plainName(s string) bool {
	return s != "" && s[0] != '.' && !strings.ContainsAny(s, "/\\\x00")
}

func (r *reading) rows(shape store.Shape, body []byte, v visitor) error {
	t := r.tables[shape.Table]
	for len(body) > 0 {
		line, rest, whole := bytes.Cut(body, []byte{'\n'})
		if !whole {
			return fmt.Errorf("%w: a row of %s has no end", ErrTampered, shape.Table)
		}
		body = rest
		values, err := decodeRow(shape, line)
		if err != nil {
			return fmt.Errorf("%w: table %s: %w", ErrTampered, shape.Table, err)
		}
		t.rows++
		_, _ = t.sum.Write(line) // Hashes never fail.
		_, _ = t.sum.Write([]byte{'\n'})
		if err := v.row(shape, values); err != nil {
			return err
		}
	}
	return nil
}

// end compares what was read with the list of contents, and the bytes with the label.
func (r *reading) end(h *tar.Header) error {
	if err := r.document(h, &r.Contents); err != nil {
		return err
	}
	r.seen = r.seen[:len(r.seen)-1] // The list does not list itself.
	for i, e := range r.Contents.Entries {
		if i >= len(r.seen) || r.seen[i] != e {
			return fmt.Errorf("%w: %.80q is not as it is listed", ErrTampered, e.Name)
		}
	}
	if len(r.seen) != len(r.Contents.Entries) || len(r.tables) != len(r.Contents.Tables) {
		return fmt.Errorf("%w: it holds more than it lists", ErrTampered)
	}
	for name, t := range r.tables {
		if got := (Table{Rows: t.rows, SHA256: hex.EncodeToString(t.sum.Sum(nil))}); got != r.Contents.Tables[name] {
			return fmt.Errorf("%w: table %s is not as it is listed", ErrTampered, name)
		}
	}
	for _, layer := range []io.Reader{r.zstd, r.opened, r.raw} { // Only its end proves that nothing was cut off.
		if _, err := io.Copy(io.Discard, layer); err != nil {
			return err
		}
	}
	switch sum := hex.EncodeToString(r.raw.sum.Sum(nil)); {
	case r.raw.bytes < r.label.Bytes:
		return fmt.Errorf("%w: it has %d of %d bytes", ErrTruncated, r.raw.bytes, r.label.Bytes)
	case r.raw.bytes > r.label.Bytes, sum != r.label.SHA256:
		return fmt.Errorf("%w: its SHA-256 is %s, its label says %s", ErrTampered, sum, r.label.SHA256)
	}
	return nil
}
