package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// States of what lies in a place.
const (
	Whole      = "whole"
	Unfinished = "unfinished" // It has no label: it is being made, or was never finished.
	Missing    = "missing"    // There is a label, and no archive.
	Unreadable = "unreadable" // Its label does not belong to it.
)

// Listed is one archive in a place.
type Listed struct {
	Label

	State  string `json:"state"`
	Reason string `json:"reason,omitempty"`
}

// List gives all archives in a place, newest first. It believes the labels; Verify reads the archives.
func (p *Place) List(ctx context.Context) ([]Listed, error) {
	sizes, labels := map[string]int64{}, map[string]bool{}
	it := p.bucket.List(nil)
	for {
		o, err := it.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, refuse("list %s: %w", p, fromPlace(err))
		}
		if id, ok := strings.CutSuffix(o.Key, archiveEnd); ok {
			sizes[id] = o.Size
		} else if id, ok := strings.CutSuffix(o.Key, labelEnd); ok {
			labels[id] = true
		}
	}
	var out []Listed
	for id, size := range sizes {
		deployment, at, ours := parseID(id)
		switch {
		case !ours:
			continue
		case !labels[id]:
			out = append(out, Listed{Label: Label{ID: id, Deployment: deployment, MadeAt: at, Bytes: size}, State: Unfinished, Reason: "it has no label"})
			continue
		}
		one := Listed{State: Whole}
		var err error
		switch one.Label, err = p.Label(ctx, id); {
		case errors.Is(err, ErrTampered), errors.Is(err, ErrNewer):
			one.Label, one.State, one.Reason = Label{ID: id, Deployment: deployment, MadeAt: at, Bytes: size}, Unreadable, err.Error()
		case err != nil:
			return nil, err
		case one.Bytes != size:
			one.State, one.Reason = Unreadable, fmt.Sprintf("it has %d bytes, its label says %d", size, one.Bytes)
		}
		out = append(out, one)
	}
	for id := range labels {
		deployment, at, ours := parseID(id)
		if _, there := sizes[id]; ours && !there {
			out = append(out, Listed{Label: Label{ID: id, Deployment: deployment, MadeAt: at}, State: Missing, Reason: "its archive is gone"})
		}
	}
	slices.SortFunc(out, func(a, b Listed) int {
		if c := b.MadeAt.Compare(a.MadeAt); c != 0 {
			return c
		}
		return strings.Compare(b.ID, a.ID)
	})
	return out, nil
}

// Label reads the label of one archive.
func (p *Place) Label(ctx context.Context, id string) (Label, error) {
	if _, _, ok := parseID(id); !ok {
		return Label{}, refuse("backup %.80q: %w of this name", id, ErrNone)
	}
	ctx, cancel := context.WithTimeout(ctx, reachTime)
	defer cancel()
	in, err := p.bucket.NewReader(ctx, labelKey(id), nil)
	if err != nil {
		if err = fromPlace(err); errors.Is(err, ErrMissing) {
			err = fmt.Errorf("%w with a label: %w", ErrNone, err)
		}
		return Label{}, refuse("backup %s in %s: %w", id, p, err)
	}
	defer func() { _ = in.Close() }() // It was only read.
	raw, err := io.ReadAll(io.LimitReader(in, maxLabelSize))
	if err != nil {
		return Label{}, refuse("backup %s in %s: %w", id, p, fromPlace(err))
	}
	l, err := parseLabel(id, raw)
	if err != nil {
		return Label{}, refuse("backup %s in %s: %w", id, p, err)
	}
	return l, nil
}

// Choose finds the archive to work with: the named one, or else the newest whole one of a deployment that was made
// before a time. Ransomware is why one asks for an older one: what was encrypted or changed lately is in the newest.
func (p *Place) Choose(ctx context.Context, id, deployment string, before time.Time) (Label, error) {
	if id != "" {
		return p.Label(ctx, id)
	}
	all, err := p.List(ctx)
	if err != nil {
		return Label{}, err
	}
	for _, l := range all {
		if l.State == Whole && l.Deployment == slug(deployment) && l.MadeAt.Before(before) {
			return l.Label, nil
		}
	}
	return Label{}, refuse("%s: %w of %s that is whole and was made before %s; %d archives lie there", p, ErrNone, deployment, before.UTC().Format(time.RFC3339), len(all))
}
