package backup

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
)

const (
	format       = 1 // Of archives and labels.
	archiveEnd   = ".tar.zst.age"
	labelEnd     = ".json"
	stampLayout  = "20060102T150405Z"
	maxLabelSize = 64 << 10
)

// Label stands beside an archive and says that it is whole. It is not encrypted, so it tells nothing of vaults or money.
type Label struct {
	Format     int       `json:"format"`
	ID         string    `json:"id"`
	MadeAt     time.Time `json:"made_at"`
	Deployment string    `json:"deployment"`
	Program    string    `json:"program"`
	Migrations []int64   `json:"migrations"`
	Bytes      int64     `json:"bytes"`               // Of the archive as it lies there.
	SHA256     string    `json:"sha256"`              // Likewise.
	Signer     string    `json:"signer,omitempty"`    // Public half of the key that signed, in hex.
	Signature  string    `json:"signature,omitempty"` // Over all the above.
}

// NewID names an archive by deployment and time. Two of one second differ.
func NewID(deployment string, at time.Time, random io.Reader) (string, error) {
	var b [3]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("name the archive: %w", err)
	}
	return slug(deployment) + "-" + at.UTC().Format(stampLayout) + "-" + hex.EncodeToString(b[:]), nil
}

// slug keeps names out of other directories and readable in a shell.
func slug(s string) string {
	return cmp.Or(strings.Trim(regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(s), "-"), "-"), "feeops")
}

var idPattern = regexp.MustCompile(`^([a-z0-9]+(?:-[a-z0-9]+)*)-(\d{8}T\d{6}Z)-[0-9a-f]{6}$`)

// parseID takes deployment and time out of an id; false for another name.
func parseID(id string) (deployment string, at time.Time, ok bool) {
	m := idPattern.FindStringSubmatch(id)
	if m == nil {
		return "", time.Time{}, false
	}
	at, err := time.Parse(stampLayout, m[2])
	return m[1], at, err == nil
}

// parseLabel reads a label and refuses one that does not belong to its name.
func parseLabel(id string, raw []byte) (Label, error) {
	var l Label
	if err := json.Unmarshal(raw, &l); err != nil {
		return l, fmt.Errorf("label of %s: %w: %w", id, ErrTampered, err)
	}
	_, at, _ := parseID(id)
	switch {
	case l.Format > format:
		return l, fmt.Errorf("label of %s: %w: its format is %d, this program knows %d", id, ErrNewer, l.Format, format)
	case l.Format < 1, l.ID != id, !l.MadeAt.Truncate(time.Second).Equal(at), l.Bytes <= 0, len(l.SHA256) != 64:
		return l, fmt.Errorf("label of %s: %w: it does not belong to the archive", id, ErrTampered)
	}
	if err := l.intact(); err != nil {
		return l, fmt.Errorf("label of %s: %w", id, err)
	}
	return l, nil
}
