package backup

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"
	"gocloud.dev/blob"

	"github.com/meteora-fee-router/feeops/internal/seal"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// Exporter gives one state of the whole store.
type Exporter interface {
	Export(ctx context.Context, f func(store.Export) error) error
}

// CreateParams are what a backup is made of.
type CreateParams struct {
	Store      Exporter
	Place      *Place
	Deployment string
	Program    string
	Recipients []string  // Public keys; whoever holds one of their secret halves can open it.
	Signer     *seal.Key // Signs the label; nil: nobody can tell later who made it.
	Settings   any       // Without secrets.
	Folders    []Folder
	Random     io.Reader
	Now        func() time.Time
	Beat       func() // Called again and again while it is being made; may be nil.
}

// Made is a finished backup.
type Made struct {
	Label

	Place string        `json:"place"`
	Rows  int64         `json:"rows"`
	Files int           `json:"files"`
	Took  time.Duration `json:"-"`
}

// chunk is how much of a table goes into one entry: a tar entry names its size before its content.
const chunk = 4 << 20

// Create makes an archive and then its label. What fails on the way leaves no label, and at a service no archive either.
func Create(ctx context.Context, p CreateParams) (Made, error) {
	began := p.Now()
	p.Deployment = slug(p.Deployment)
	id, err := NewID(p.Deployment, began, p.Random)
	if err != nil {
		return Made{}, err
	}
	fail := func(err error) (Made, error) { return Made{}, refuse("backup %s into %s: %w", id, p.Place, err) }
	var recipients []age.Recipient
	for _, text := range p.Recipients {
		r, err := ParseRecipient(text)
		if err != nil {
			return fail(err)
		}
		recipients = append(recipients, r)
	}
	if len(recipients) == 0 {
		return fail(fmt.Errorf("%w: nobody could open it: backup.recipients is empty", ErrKeyFile))
	}
	head := Head{Format: format, ID: id, MadeAt: began.UTC(), Deployment: p.Deployment, Program: p.Program}
	label := Label{Format: format, ID: id, MadeAt: head.MadeAt, Deployment: p.Deployment, Program: p.Program}
	made := Made{Place: p.Place.String()}
	err = upload(ctx, p.Place, archiveKey(id), func(w io.Writer) error {
		sum := &counting{to: w, sum: sha256.New(), beat: p.Beat}
		contents, err := write(ctx, sum, recipients, head, p)
		label.Bytes, label.SHA256 = sum.bytes, hex.EncodeToString(sum.sum.Sum(nil))
		made.Rows, made.Files = contents.Rows(), contents.Files()
		label.Migrations = contents.migrations
		return err
	})
	if err != nil {
		return fail(err)
	}
	if err := label.sign(p.Signer); err != nil {
		return fail(err)
	}
	body, err := json.MarshalIndent(label, "", "  ")
	if err != nil {
		return fail(err)
	}
	if err := upload(ctx, p.Place, labelKey(id), func(w io.Writer) error { _, err := w.Write(body); return err }); err != nil {
		return fail(err)
	}
	made.Label, made.Took = label, p.Now().Sub(began)
	return made, nil
}

// upload writes an object, whole or not at all, and never over another one.
func upload(ctx context.Context, place *Place, key string, write func(io.Writer) error) error {
	cancelable, cancel := context.WithCancel(ctx)
	defer cancel()
	w, err := place.bucket.NewWriter(cancelable, key, &blob.WriterOptions{ContentType: "application/octet-stream", IfNotExist: true})
	if err != nil {
		return fromPlace(err)
	}
	if err := write(placeWriter{w}); err != nil {
		cancel() // Before Close, which would keep what there is.
		_ = w.Close()
		return err
	}
	return fromPlace(w.Close())
}

// placeWriter tells the place's errors from the store's.
type placeWriter struct{ *blob.Writer }

func (w placeWriter) Write(b []byte) (int, error) {
	n, err := w.Writer.Write(b)
	return n, fromPlace(err)
}

// counting hashes and counts what passes.
type counting struct {
	to    io.Writer
	sum   hash.Hash
	bytes int64
	beat  func()
}

func (c *counting) Write(b []byte) (int, error) {
	if c.beat != nil {
		c.beat()
	}
	n, err := c.to.Write(b)
	c.bytes += int64(n)
	_, _ = c.sum.Write(b[:n]) // It never fails.
	return n, err
}

// written are the contents of a new archive.
type written struct {
	Contents

	migrations []int64
}

// write makes the archive: age around zstd around tar. Nothing of it lies on this machine's disk in the clear.
func write(ctx context.Context, to io.Writer, recipients []age.Recipient, head Head, p CreateParams) (written, error) {
	sealed, err := age.Encrypt(to, recipients...)
	if err != nil {
		return written{}, fmt.Errorf("encrypt: %w", err)
	}
	packed, err := zstd.NewWriter(sealed, zstd.WithEncoderConcurrency(1)) // It runs beside payments.
	if err != nil {
		return written{}, fmt.Errorf("compress: %w", err)
	}
	a := &archiver{tar: tar.NewWriter(packed), at: head.MadeAt, contents: Contents{Tables: map[string]Table{}}}
	out := written{}
	err = p.Store.Export(ctx, func(e store.Export) error {
		head.Database, head.Migrations, head.Tables = e.Kind, e.Migrations, e.Shapes
		out.migrations = e.Migrations
		if err := errors.Join(a.document(headName, head), a.document(settingsName, p.Settings)); err != nil {
			return err
		}
		for _, shape := range e.Shapes {
			if err := a.table(ctx, e, shape); err != nil {
				return err
			}
		}
		return nil
	})
	for _, f := range p.Folders { // After the rows that name them: a file that is named is never missing.
		if err == nil {
			err = a.folder(f)
		}
	}
	if err == nil {
		out.Contents = a.contents
		err = a.document(contentsName, a.contents)
	}
	if err != nil {
		_ = packed.Close() // It only ends its helpers: what is there so far is thrown away.
		return out, err
	}
	for _, c := range []io.Closer{a.tar, packed, sealed} {
		if err := c.Close(); err != nil {
			return out, err
		}
	}
	return out, nil
}

// archiver puts entries into the tar and remembers them.
type archiver struct {
	tar      *tar.Writer
	at       time.Time
	contents Contents
}

func (a *archiver) document(name string, v any) error {
	body, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return a.bytes(name, body)
}

func (a *archiver) bytes(name string, body []byte) error {
	if err := a.tar.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(body)), ModTime: a.at, Format: tar.FormatPAX}); err != nil {
		return err
	}
	_, err := a.tar.Write(body)
	sum := sha256.Sum256(body)
	a.contents.Entries = append(a.contents.Entries, Entry{Name: name, Bytes: int64(len(body)), SHA256: hex.EncodeToString(sum[:])})
	return err
}

// table writes the rows of a table in chunks.
func (a *archiver) table(ctx context.Context, e store.Export, shape store.Shape) error {
	var rows, part int64
	var body []byte
	sum := sha256.New()
	flush := func() error {
		if len(body) == 0 {
			return nil
		}
		part++
		err := a.bytes(fmt.Sprintf("%s%s/%06d.jsonl", tablesDir, shape.Table, part), body)
		body = body[:0]
		return err
	}
	err := e.EachRow(ctx, shape, func(values []any) error {
		line, err := encodeRow(values)
		if err != nil {
			return fmt.Errorf("table %s: %w", shape.Table, err)
		}
		rows++
		_, _ = sum.Write(line) // It never fails.
		body = append(body, line...)
		if len(body) >= chunk {
			return flush()
		}
		return nil
	})
	if err == nil {
		err = flush()
	}
	a.contents.Tables[shape.Table] = Table{Rows: rows, SHA256: hex.EncodeToString(sum.Sum(nil))}
	return err
}

// folder takes the plain files of a directory. One that is not there has none; what others are still writing is not taken.
func (a *archiver) folder(f Folder) error {
	list, err := os.ReadDir(f.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s in %s: %w", f.Name, f.Dir, err)
	}
	for _, one := range list {
		if !one.Type().IsRegular() || one.Name()[0] == '.' {
			continue
		}
		if err := a.file(filesDir+f.Name+"/"+one.Name(), filepath.Join(f.Dir, one.Name())); err != nil {
			return err
		}
	}
	return nil
}

func (a *archiver) file(name, path string) (err error) {
	in, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // Cleared away meanwhile.
	}
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // It was only read.
	info, err := in.Stat()
	if err != nil {
		return err
	}
	if err := a.tar.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: info.Size(), ModTime: info.ModTime(), Format: tar.FormatPAX}); err != nil {
		return err
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(a.tar, sum), io.LimitReader(in, info.Size()))
	if err == nil && n != info.Size() {
		err = errors.New("it became shorter while it was read")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	a.contents.Entries = append(a.contents.Entries, Entry{Name: name, Bytes: n, SHA256: hex.EncodeToString(sum.Sum(nil))})
	return nil
}
