package report

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// ErrNotAssessed is a feed's answer when nobody looked: no notices are then not "none".
var ErrNotAssessed = errors.New("not assessed")

// Watched is what the watch stored.
type Watched interface {
	Episodes(ctx context.Context, since time.Time) ([]domain.Episode, error)
	Looks(ctx context.Context, from, to time.Time) (store.Looked, error)
}

// AlertFeed gives the alerts that held at some time of a window. Without a look in the window there is nothing to say.
func AlertFeed(w Watched) Feed {
	return func(ctx context.Context, in Window) (out []Notice, note string, err error) {
		looked, err := w.Looks(ctx, in.From, in.To)
		if err != nil {
			return nil, "", err
		}
		episodes, err := w.Episodes(ctx, in.From)
		if err != nil {
			return nil, "", err
		}
		for _, e := range episodes {
			if e.IsGroup() || !in.held(e.Opened, e.Resolved) { // A group stands for episodes that are listed themselves.
				continue
			}
			out = append(out, Notice{
				ID: e.Key, Severity: e.Severity, Vault: e.Vault, Title: e.Alert + ": " + e.Detail, State: string(e.State), Open: e.Active(), At: e.Opened, Acked: e.Acked,
			})
		}
		switch {
		case looked.Count > 0:
			note = fmt.Sprintf("Looked at from %s to %s, in %d looks that are kept.", moment(looked.First, in.loc), moment(looked.Last, in.loc), looked.Count)
		case len(out) == 0:
			return nil, "", fmt.Errorf("%w: the watch looked at nothing in this window", ErrNotAssessed)
		default:
			note = "No look of this window is kept; these are known from their own record."
		}
		return out, note, nil
	}
}

// Logged is where incidents are recorded.
type Logged interface {
	Incidents(ctx context.Context, f store.IncidentFilter) ([]domain.Incident, error)
}

// IncidentFeed gives the incidents that were open at some time of a window.
func IncidentFeed(l Logged) Feed {
	return func(ctx context.Context, in Window) (out []Notice, note string, err error) {
		list, err := l.Incidents(ctx, store.IncidentFilter{})
		if err != nil {
			return nil, "", err
		}
		for _, i := range list {
			if in.held(i.OpenedAt, i.ResolvedAt) {
				out = append(out, Notice{
					ID: i.ID, Severity: i.Severity, Vault: i.Vault, Title: i.Title, State: string(i.State), Open: !i.Over(), At: i.OpenedAt, Acked: i.AcknowledgedAt,
				})
			}
		}
		return out, "", nil
	}
}

// held is true for what lasted into the window; a zero end has not come yet.
func (w Window) held(start, end time.Time) bool {
	return start.Before(w.To) && (end.IsZero() || !end.Before(w.From))
}
