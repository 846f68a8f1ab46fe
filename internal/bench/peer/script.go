package peer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gagliardetto/solana-go"
)

// Config is the script's configuration (row X01). Nothing checks it, as in the script: a page size of 0 never ends.
type Config struct {
	Streams           []solana.PublicKey
	PageSize          int
	MaxRetries        int
	DelayBetweenPages time.Duration
}

// Call is one call of the client's distributeFees.
type Call struct {
	Streams  []solana.PublicKey // The page's only (row X21).
	PageSize int
	Cursor   *int // nil: the program runs it unguarded.
}

// Status is what the client's getDistributionStatus tells the script.
type Status struct {
	Cursor             int
	CanStartNewDay     bool
	CanContinueSameDay bool
	Wait               time.Duration
}

// Client is MeteoraFeeRouterClient and the Connection beside it, as far as the script calls them.
type Client interface {
	Status(ctx context.Context) (Status, error)
	Exists(ctx context.Context, account solana.PublicKey) (bool, error)
	Healthy(ctx context.Context) bool
	DistributeFees(ctx context.Context, c Call) (signature string, err error)
}

// Distributor runs one vault's day as the script does.
type Distributor struct {
	Config Config
	Client Client
	Sleep  func(ctx context.Context, d time.Duration) error
}

// Turned is a page for which the script had a signature in the end.
type Turned struct {
	Start, End int
	Attempts   int
	Signature  string
}

// Result is what the script did, and what it would have said about it.
type Result struct {
	Pages    []Turned
	Attempts int // Of all pages, also those that failed.
	Said     string
}

// The script's last words.
const (
	SaidCompleted = "Distribution completed successfully"
	SaidNotReady  = "Pre-distribution checks failed"
)

// ErrChecks is what start throws when a check failed; which one is only in its log (row X03).
var ErrChecks = errors.New(SaidNotReady)

// Start is the script's start: the checks, and then all pages.
func (d *Distributor) Start(ctx context.Context) (Result, error) {
	var r Result
	proceed, err := d.preDistributionChecks(ctx)
	if err == nil && !proceed {
		err = ErrChecks
	}
	if err == nil {
		err = d.executeDistribution(ctx, &r)
	}
	if err != nil {
		r.Said = err.Error()
		return r, err
	}
	r.Said = SaidCompleted
	return r, nil
}

// executeDistribution starts at the stored cursor, which on a new day is still where yesterday ended (row X06).
func (d *Distributor) executeDistribution(ctx context.Context, r *Result) error {
	status, err := d.Client.Status(ctx)
	if err != nil {
		return err
	}
	cursor, total := status.Cursor, len(d.Config.Streams)
	for cursor < total {
		end := min(cursor+d.Config.PageSize, total)
		page, err := d.processPage(ctx, d.Config.Streams[cursor:end], cursor, r)
		if err == nil {
			r.Pages = append(r.Pages, Turned{Start: cursor, End: end, Attempts: page.Attempts, Signature: page.Signature})
			cursor = end
			if cursor < total && d.Config.DelayBetweenPages > 0 {
				err = d.Sleep(ctx, d.Config.DelayBetweenPages)
			}
			if err != nil {
				return err
			}
			continue
		}
		// Read at once, while what was sent may still land (row X10).
		again, statusErr := d.Client.Status(ctx)
		if statusErr != nil {
			return statusErr
		}
		if again.Cursor <= cursor {
			return err
		}
		cursor = again.Cursor
	}
	return nil
}

// processPage sends until there is a signature. Only a repeated attempt says at which cursor it means to run (row X14).
func (d *Distributor) processPage(ctx context.Context, page []solana.PublicKey, cursor int, r *Result) (Turned, error) {
	for attempt := 0; attempt < d.Config.MaxRetries; {
		call := Call{Streams: page, PageSize: len(page)}
		if attempt > 0 {
			call.Cursor = orNull(cursor)
		}
		r.Attempts++
		signature, err := d.Client.DistributeFees(ctx, call)
		if err == nil {
			return Turned{Attempts: attempt + 1, Signature: signature}, nil
		}
		if ctx.Err() != nil {
			return Turned{}, context.Cause(ctx)
		}
		if attempt++; attempt >= d.Config.MaxRetries {
			return Turned{}, fmt.Errorf("Failed after %d attempts: %w", d.Config.MaxRetries, err)
		}
		if err := d.Sleep(ctx, backoff(attempt)); err != nil {
			return Turned{}, err
		}
	}
	return Turned{}, nil // With no retries at all the page counts as done, unsent (row X01).
}

// orNull is the client's "cursorPosition || null": cursor 0 is falsy, so that the first page is never guarded.
func orNull(cursor int) *int {
	if cursor == 0 {
		return nil
	}
	return &cursor
}

// backoff is min(1000·2^attempt, 30000) ms with an attempt that was counted up before (row X15).
func backoff(attempt int) time.Duration {
	if attempt >= 5 {
		return 30 * time.Second
	}
	return time.Second << attempt
}
