// Package audit proves that the audit log is what it was: it walks the chain of hashes, names the first entry that is
// broken, and signs heads. A head that is kept elsewhere also shows that the newest entries were not cut off and that
// the log was not written anew, which the chain by itself cannot.
package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/meteora-fee-router/feeops/internal/seal"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// version of the form of a head.
const version = 1

// Head is the log's length and last hash at a time, signed.
type Head struct {
	Version   int       `json:"version"`
	Entries   int64     `json:"entries"`
	Hash      string    `json:"hash"` // Of the last entry; empty for an empty log.
	At        time.Time `json:"at"`
	Key       string    `json:"key"` // Public half, in hex.
	Signature string    `json:"signature,omitempty"`
}

// signed is what the signature is over: the head in JSON without it.
func (h Head) signed() ([]byte, error) {
	h.Signature, h.At = "", h.At.UTC()
	return json.Marshal(h)
}

// NewHead signs a state of the log.
func NewHead(state store.AuditState, key *seal.Key, at time.Time) (Head, error) {
	h := Head{Version: version, Entries: state.Entries, Hash: state.Head, At: at.UTC(), Key: key.Public().String()}
	b, err := h.signed()
	if err != nil {
		return h, fmt.Errorf("audit head: encode: %w", err)
	}
	h.Signature = key.Sign(seal.AuditHead, b)
	return h, nil
}

// Verify holds the signature against the head's own key. Whose key that is, the caller must know.
func (h Head) Verify() error {
	if h.Version != version {
		return fmt.Errorf("audit head: version %d, this program knows %d", h.Version, version)
	}
	key, err := seal.ParsePublic(h.Key)
	if err != nil {
		return fmt.Errorf("audit head: %w", err)
	}
	b, err := h.signed()
	if err != nil {
		return fmt.Errorf("audit head: encode: %w", err)
	}
	if err := key.Verify(seal.AuditHead, b, h.Signature); err != nil {
		return fmt.Errorf("audit head of entry %d: %w", h.Entries, err)
	}
	return nil
}

// Poster takes a head to a place that whoever changes the store cannot reach: a channel, another machine, paper.
type Poster interface {
	PostHead(ctx context.Context, h Head) error
}

// Log is the audit log.
type Log interface {
	AuditLog(ctx context.Context, after int64, limit int) ([]store.AuditEntry, error)
}

// Publish verifies the log, signs its head and posts it everywhere. A broken log gets no head. What one poster cannot do
// does not keep the others from it; their errors come joined.
func Publish(ctx context.Context, log Log, key *seal.Key, at time.Time, posters ...Poster) (Head, error) {
	report, err := Verify(ctx, log, nil)
	if err != nil {
		return Head{}, err
	}
	if report.Broken != nil {
		return Head{}, fmt.Errorf("no head is signed: %w at entry %d: %s. Look with: feeops audit verify", store.ErrAudit, report.Broken.Entry, report.Broken.Why)
	}
	head, err := NewHead(store.AuditState{Entries: report.Entries, Head: report.Head}, key, at)
	if err != nil {
		return Head{}, err
	}
	var failed []error
	for _, p := range posters {
		if err := p.PostHead(ctx, head); err != nil {
			failed = append(failed, fmt.Errorf("post the audit head: %w", err))
		}
	}
	return head, errors.Join(failed...)
}

// File appends heads to a file, one a line.
type File string

// PostHead appends and syncs.
func (path File) PostHead(_ context.Context, h Head) error {
	b, err := json.Marshal(h)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(string(path), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, '\n'))
	return errors.Join(err, f.Sync(), f.Close())
}
