package audit

import (
	"context"
	"fmt"

	"github.com/meteora-fee-router/feeops/internal/store"
)

// Report is what a walk over the log found.
type Report struct {
	Entries int64        `json:"entries"` // That follow each other from the first.
	Head    string       `json:"head"`
	Broken  *Broken      `json:"broken,omitempty"` // The first entry that does not fit.
	Heads   []HeadResult `json:"heads,omitempty"`
}

// Broken is the first entry that does not fit.
type Broken struct {
	Entry int64             `json:"entry"`
	Why   string            `json:"why"`
	Found *store.AuditEntry `json:"found,omitempty"` // What stands there; absent when nothing does.
}

// HeadResult is what a head that was kept elsewhere says of the log.
type HeadResult struct {
	Entries int64  `json:"entries"`
	Key     string `json:"key"`
	Problem string `json:"problem,omitempty"` // Empty: the log still holds what was signed.
}

// OK is true when nothing was found.
func (r Report) OK() bool {
	for _, h := range r.Heads {
		if h.Problem != "" {
			return false
		}
	}
	return r.Broken == nil
}

// pageSize is how many entries are read at once.
const pageSize = 500

// Verify walks the log from the first entry and holds it against the heads. An error means that it could not be read,
// which proves nothing either way.
func Verify(ctx context.Context, log Log, heads []Head) (Report, error) {
	var r Report
	at := map[int64]string{0: ""} // Hashes at the heads' entries.
	for _, h := range heads {
		at[h.Entries] = ""
	}
	state := store.AuditState{}
	for r.Broken == nil {
		page, err := log.AuditLog(ctx, state.Entries, pageSize)
		if err != nil {
			return r, fmt.Errorf("audit log after entry %d: %w", state.Entries, err)
		}
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			if why := e.Break(state); why != "" {
				r.Broken = &Broken{Entry: state.Entries + 1, Why: why, Found: &e}
				break
			}
			state = store.AuditState{Entries: e.Seq, Head: e.Hash}
			if _, wanted := at[e.Seq]; wanted {
				at[e.Seq] = e.Hash
			}
		}
	}
	r.Entries, r.Head = state.Entries, state.Head
	for _, h := range heads {
		r.Heads = append(r.Heads, HeadResult{Entries: h.Entries, Key: h.Key, Problem: r.against(h, at[h.Entries])})
	}
	return r, nil
}

// against says what a head shows to be wrong.
func (r Report) against(h Head, hash string) string {
	if err := h.Verify(); err != nil {
		return err.Error()
	}
	switch {
	case h.Entries > r.Entries && r.Broken == nil:
		return fmt.Sprintf("the log ends at entry %d, and %d were there at %s: entries %d to %d were cut off", r.Entries, h.Entries, h.At.Format("2006-01-02 15:04:05"), r.Entries+1, h.Entries)
	case h.Entries > r.Entries:
		return fmt.Sprintf("the log breaks before entry %d", h.Entries)
	case h.Hash != hash:
		return fmt.Sprintf("entry %d is another one than at %s: the log was written anew from an entry up to that one", h.Entries, h.At.Format("2006-01-02 15:04:05"))
	}
	return ""
}
