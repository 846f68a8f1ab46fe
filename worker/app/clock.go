package app

import (
	"time"

	"go.uber.org/fx"
)

// Clock is this machine's clock. It only sizes waits and stamps records: what is due is decided by the chain's.
type Clock func() time.Time

var clockModule = fx.Module("clock", fx.Provide(func() Clock { return time.Now }))

// Change replaces a part of the worker; its makers are in this package.
type Change = fx.Option

// WithClock gives the worker another clock. The fault laboratory moves it to show that no payment hangs on it.
func WithClock(c Clock) Change { return fx.Decorate(func(Clock) Clock { return c }) }
