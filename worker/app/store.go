package app

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/fx"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/store"
)

var storeModule = fx.Module("store", fx.Provide(newStore))

// newStore opens the store and brings its schema up to date. It is opened before anything can be signed.
func newStore(lc fx.Lifecycle, s config.Settings) (*store.Store, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	db, err := store.Open(ctx, s.Store.DSN.Reveal())
	if err != nil {
		return nil, fault(fmt.Errorf("open the store: %w", err))
	}
	lc.Append(fx.StopHook(db.Close))
	return db, nil
}
