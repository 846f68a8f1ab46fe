package app

import (
	"log/slog"
	"os"

	"go.uber.org/fx"

	"github.com/meteora-fee-router/feeops/config"
)

var logModule = fx.Module("log", fx.Provide(newLogger))

// newLogger writes to standard error, as text for people or JSON for machines.
func newLogger(s config.Settings) *slog.Logger {
	level := slog.LevelInfo
	if err := level.UnmarshalText([]byte(s.Log.Level)); err != nil {
		level = slog.LevelInfo
	}
	o := &slog.HandlerOptions{Level: level}
	if s.Log.Format == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, o))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, o))
}
