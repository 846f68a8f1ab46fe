package host

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
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/safety"
)

// Evidence keeps bundles: each is written once.
type Evidence interface {
	Keep(ctx context.Context, name string, body []byte) (path string, err error)
	Read(ctx context.Context, path string) ([]byte, error)
}

// bundle is what a stop leaves behind: the flags, what was in the air, and the vaults as chain and books showed them. It
// holds no secrets: addresses of endpoints are named, not written.
type bundle struct {
	Kind    string              `json:"kind"`
	At      time.Time           `json:"at"`
	Flag    domain.SafetyFlag   `json:"flag"`
	Flags   []domain.SafetyFlag `json:"flags"`
	Flights []domain.Flight     `json:"flights"`
	RPC     []safety.Endpoint   `json:"rpc"`
	Unknown []string            `json:"unknown"`
	System  any                 `json:"system,omitempty"`

	safety.Baseline
}

// TakeEvidence writes the bundle of a stop. What cannot be read is named in it; nothing keeps the rest from being kept.
func (h *Host) TakeEvidence(ctx context.Context, f domain.SafetyFlag) (safety.Bundle, error) {
	b := bundle{Kind: "feeops stop v1", At: h.Now().UTC(), Flag: f, RPC: h.Sources.Endpoints(), Unknown: []string{}}
	b.Settings = h.Sources.Settings
	var err error
	if b.Flags, _, err = h.Store.SafetyMark(ctx); err != nil {
		b.Unknown = append(b.Unknown, "flags: "+err.Error())
	}
	if b.Flights, err = h.Store.Flights(ctx); err != nil {
		b.Unknown = append(b.Unknown, "signatures in flight: "+err.Error())
	}
	seen := h.Sources.Look(ctx, h.Sources.Vaults)
	for i, w := range seen.Witnesses {
		if seen.Errs[i] != nil {
			b.Unknown = append(b.Unknown, fmt.Sprintf("vault %s: %v", w.Vault, seen.Errs[i]))
			continue
		}
		b.Witnesses = append(b.Witnesses, w)
	}
	if h.Scene != nil {
		system, unknown := h.Scene(ctx)
		b.System, b.Unknown = system, append(b.Unknown, unknown...)
	}
	body, err := json.MarshalIndent(b, "", " ")
	if err != nil {
		return safety.Bundle{}, fmt.Errorf("write the evidence of the stop: %w", err)
	}
	body = append(body, '\n')
	sum := sumOf(body)
	path, err := h.Evidence.Keep(ctx, fmt.Sprintf("stop-%s-%.8s.json", b.At.Format("20060102T150405Z"), sum), body)
	if err != nil {
		return safety.Bundle{}, err
	}
	return safety.Bundle{Path: path, SHA256: sum, Unknown: b.Unknown[:min(len(b.Unknown), 20)]}, nil
}

func sumOf(body []byte) string {
	hash := sha256.Sum256(body)
	return hex.EncodeToString(hash[:])
}

// baseline reads a stop's evidence back. One that cannot be read here, as on another machine, is none to compare with;
// one that is not what was written says so.
func (h *Host) baseline(ctx context.Context, b safety.Bundle) *safety.Baseline {
	if b.Path == "" {
		return nil
	}
	body, err := h.Evidence.Read(ctx, b.Path)
	if err != nil {
		h.Log.Warn("the evidence of the stop cannot be read", "path", b.Path, "error", err)
		return nil
	}
	var out bundle
	if sumOf(body) != b.SHA256 || json.Unmarshal(body, &out) != nil {
		return &safety.Baseline{Changed: true}
	}
	return &out.Baseline
}

// Folder keeps bundles as files.
type Folder struct{ Dir string }

// Keep writes a file of mode 0600 that no later one replaces. The same bundle again is fine.
func (d Folder) Keep(_ context.Context, name string, body []byte) (string, error) {
	if err := os.MkdirAll(d.Dir, 0o700); err != nil {
		return "", fmt.Errorf("keep evidence: %w", err)
	}
	path := filepath.Join(d.Dir, name)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return path, nil // Its name holds its hash.
	}
	if err != nil {
		return "", fmt.Errorf("keep evidence: %w", err)
	}
	_, err = f.Write(body)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", fmt.Errorf("keep evidence in %s: %w", path, errors.Join(err, os.Remove(path)))
	}
	return path, nil
}

// Read reads a file of the folder, and no other: the path comes from a workflow.
func (d Folder) Read(_ context.Context, path string) ([]byte, error) {
	if filepath.Dir(path) != filepath.Clean(d.Dir) {
		return nil, fmt.Errorf("%s is not in %s", path, d.Dir)
	}
	body, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read evidence: %w", err)
	}
	return body, nil
}
