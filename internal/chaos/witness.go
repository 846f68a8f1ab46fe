package chaos

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"sync"

	"github.com/gagliardetto/solana-go"
	_ "modernc.org/sqlite" // The store's file is looked at with plain SQL, not with the store's own code.

	"github.com/meteora-fee-router/feeops/internal/chaos/proxy"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
)

// witness watches what leaves the worker and notes what breaks a rule that keeps money safe, whether or not it cost
// any this time (DESIGN.md §1): every page names its cursor, is stored before it leaves, and is not signed anew while an
// earlier signature of it can still land; nothing leaves after an emergency stop.
type witness struct {
	run *Run

	mu     sync.Mutex
	pages  map[string][]*sent // By day and cursor.
	seen   map[string]bool
	closed bool // An emergency stop is in force.
	breaks []string
}

type sent struct {
	signature solana.Signature
	hash      solana.Hash
}

func newWitness(r *Run) *witness {
	return &witness{run: r, pages: map[string][]*sent{}, seen: map[string]bool{}}
}

func (w *witness) see(c proxy.Call) {
	if c.Method != "sendTransaction" || c.Page == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		w.note("page at cursor %d left after the emergency stop: %s", c.Page.Cursor, c.Sig)
	}
	if w.seen[c.Sig] {
		return
	}
	w.seen[c.Sig] = true
	if !c.Page.Guarded {
		w.note("page without a cursor: %s", c.Sig)
	}
	if !w.stored(c.Sig) {
		w.note("page at cursor %d left before its signature was stored: %s", c.Page.Cursor, c.Sig)
	}
	w.signedAnew(c)
}

// signedAnew notes a second signature for a page whose first one is not on the chain and can still land.
func (w *witness) signedAnew(c proxy.Call) {
	sig, err := solana.SignatureFromBase58(c.Sig)
	if err != nil {
		return
	}
	b := w.run.bank()
	progress, err := w.run.vault.Progress(b, bank.Processed)
	if err != nil {
		return
	}
	day := progress.LastDistributionTS
	if c.Page.Cursor == 0 {
		day = 0 // It opens a day of its own; which one is known when it lands.
	}
	key := fmt.Sprintf("%d/%d", day, c.Page.Cursor)
	for _, earlier := range w.pages[key] {
		if _, landed := b.Transaction(earlier.signature); landed || !b.IsBlockhashValid(earlier.hash, bank.Processed) {
			continue
		}
		w.note("page at cursor %d was signed anew (%s) while %s could still land", c.Page.Cursor, c.Sig, earlier.signature)
	}
	w.pages[key] = append(w.pages[key], &sent{sig, c.Page.Blockhash})
}

// stored asks the file itself.
func (w *witness) stored(signature string) bool {
	name := (&url.URL{Scheme: "file", Path: w.run.store()}).String() + "?_pragma=busy_timeout(5000)&_pragma=query_only(1)"
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return false
	}
	defer func() { _ = db.Close() }() // It was only read.
	var one int
	err = db.QueryRowContext(context.Background(), "SELECT 1 FROM intents WHERE signature = ?", signature).Scan(&one)
	return err == nil
}

func (w *witness) note(format string, args ...any) {
	w.breaks = append(w.breaks, fmt.Sprintf(format, args...))
}

// stop says that from now on nothing may leave, or that it may again.
func (w *witness) stop(on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = on
}

// forget is called when the store is lost: what was signed before cannot be known any more.
func (w *witness) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.pages)
}

// count is how many pages were sent, copies left out.
func (w *witness) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.seen)
}

func (w *witness) said() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.breaks...)
}
