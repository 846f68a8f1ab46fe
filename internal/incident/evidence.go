package incident

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// Kinds of evidence.
const (
	KindBundle   = "bundle"   // Everything about one failure (S13).
	KindSnapshot = "snapshot" // The state of all vaults when everything was stopped (S12).
)

// Subject is what evidence is taken of.
type Subject struct {
	Incident domain.Incident
	Failure  domain.Failure
}

// Source reads one part of the evidence. What it returns is written as JSON.
type Source struct {
	Name string
	Read func(ctx context.Context, s Subject) (any, error)
}

// Part is one part of a bundle: a value, or why there is none. A part that could not be read says so; it is never
// simply absent, since nobody could tell it from nothing.
type Part struct {
	Name    string          `json:"name"`
	TakenAt time.Time       `json:"taken_at"`
	Unknown string          `json:"unknown,omitempty"`
	Value   json.RawMessage `json:"value,omitempty"`
}

// Bundle is what was known of a failure at a moment (S13, S14).
type Bundle struct {
	Format   int            `json:"format"`
	Incident string         `json:"incident"`
	Kind     string         `json:"kind"`
	Severity string         `json:"severity"`
	Failure  domain.Failure `json:"failure"`
	TakenAt  time.Time      `json:"taken_at"`
	Unknown  []string       `json:"unknown"` // Names of the parts that could not be read.
	Parts    []Part         `json:"parts"`
}

// bundleFormat is the version of the files.
const bundleFormat = 1

// partTime bounds each part: evidence that waits for a dead node is evidence of nothing.
const partTime = 8 * time.Second

// Collect reads all parts side by side. One that fails, hangs or breaks is recorded as unknown with its error, and the
// others are kept.
func Collect(ctx context.Context, sources []Source, kind string, s Subject, redact Redactor, now func() time.Time) Bundle {
	b := Bundle{
		Format: bundleFormat, Incident: s.Incident.ID, Kind: kind, Severity: string(s.Incident.Severity), Failure: s.Failure, TakenAt: now().UTC(),
		Unknown: []string{}, Parts: make([]Part, len(sources)),
	}
	b.Failure.Message = redact.Text(b.Failure.Message)
	var wg sync.WaitGroup
	for n, source := range sources {
		wg.Go(func() { b.Parts[n] = take(ctx, source, s, redact, now) })
	}
	wg.Wait()
	for _, p := range b.Parts {
		if p.Unknown != "" {
			b.Unknown = append(b.Unknown, p.Name)
		}
	}
	slices.Sort(b.Unknown)
	return b
}

func take(ctx context.Context, source Source, s Subject, redact Redactor, now func() time.Time) (p Part) {
	p = Part{Name: source.Name, TakenAt: now().UTC()}
	ctx, cancel := context.WithTimeout(ctx, partTime)
	defer cancel()
	defer func() {
		if broke := recover(); broke != nil { // Reading strange bytes is what this is for.
			p.Value, p.Unknown = nil, redact.Text(fmt.Sprintf("reading it broke: %v", broke))
		}
	}()
	value, err := source.Read(ctx, s)
	if err == nil {
		var raw []byte
		if raw, err = json.Marshal(value); err == nil {
			p.Value, err = redact.JSON(raw)
		}
	}
	if err != nil {
		p.Value, p.Unknown = nil, redact.Text(err.Error())
	}
	return p
}

// Write puts the bundle into the directory under a name of its own, whole or not at all, and never over another file.
func Write(dir string, b Bundle) (domain.Evidence, error) {
	fail := func(err error) (domain.Evidence, error) {
		return domain.Evidence{}, fmt.Errorf("write evidence of %s into %s: %w", b.Incident, dir, err)
	}
	body, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return fail(err)
	}
	body = append(body, '\n')
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fail(err)
	}
	temporary, err := os.CreateTemp(dir, ".evidence-*")
	if err != nil {
		return fail(err)
	}
	defer func() { _ = os.Remove(temporary.Name()) }() // Its content has another name by then, or is worth nothing.
	_, err = temporary.Write(body)
	if err = errors.Join(err, temporary.Chmod(0o400), temporary.Sync(), temporary.Close()); err != nil {
		return fail(err)
	}
	sum := sha256.Sum256(body)
	base := safe(b.Incident) + "-" + safe(b.Kind) + "-" + b.TakenAt.UTC().Format("20060102T150405.000Z")
	for n := 1; ; n++ {
		path := filepath.Join(dir, base+".json")
		if n > 1 {
			path = filepath.Join(dir, fmt.Sprintf("%s-%d.json", base, n))
		}
		err := os.Link(temporary.Name(), path) // Unlike a rename it refuses a name that is taken.
		switch {
		case err == nil:
			if path, err = filepath.Abs(path); err != nil {
				return fail(err)
			}
			return domain.Evidence{
				Incident: b.Incident, Kind: b.Kind, Path: path, SHA256: hex.EncodeToString(sum[:]), Bytes: int64(len(body)), Unknown: b.Unknown, At: b.TakenAt,
			}, nil
		case !errors.Is(err, fs.ErrExist) || n >= maxNames:
			return fail(err)
		}
	}
}

// maxNames is how many bundles of one millisecond get a name.
const maxNames = 1000

// safe keeps a name out of other directories.
func safe(s string) string { return regexp.MustCompile(`[^A-Za-z0-9._-]`).ReplaceAllString(s, "_") }

// What a check of evidence can find.
var (
	ErrEvidenceGone    = errors.New("the file is gone")
	ErrEvidenceChanged = errors.New("the file was changed")
)

// Verify compares a bundle on disk with the hash in the index.
func Verify(e domain.Evidence) error {
	body, err := os.ReadFile(e.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("evidence %s of %s: %w: look for it in a backup", e.Path, e.Incident, ErrEvidenceGone)
	case err != nil:
		return fmt.Errorf("evidence %s of %s: %w", e.Path, e.Incident, err)
	}
	sum := sha256.Sum256(body)
	if got := hex.EncodeToString(sum[:]); got != e.SHA256 {
		return fmt.Errorf("evidence %s of %s: %w: its SHA-256 is %s, the index and the audit log say %s", e.Path, e.Incident, ErrEvidenceChanged, got, e.SHA256)
	}
	return nil
}
