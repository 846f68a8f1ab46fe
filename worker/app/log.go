package app

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"go.uber.org/fx"
	"gopkg.in/natefinch/lumberjack.v2"

	"github.com/meteora-fee-router/feeops/config"
)

var logModule = fx.Module("log", fx.Provide(newLogger))

// newLogger writes to standard error, as text for people or JSON for machines, and to a file that turns over by itself
// when the settings name one (W04).
func newLogger(lc fx.Lifecycle, s config.Settings) *slog.Logger {
	var to io.Writer = os.Stderr
	if s.Log.File != "" {
		file := &lumberjack.Logger{
			Filename: filepath.Clean(s.Log.File), MaxSize: s.Log.MaxMegabytes, MaxBackups: s.Log.KeepFiles, MaxAge: s.Log.KeepDays, Compress: true,
		}
		lc.Append(fx.StopHook(file.Close))
		to = beside{os.Stderr, file}
	}
	return logger(s, to)
}

func logger(s config.Settings, to io.Writer) *slog.Logger {
	level := slog.LevelInfo
	if err := level.UnmarshalText([]byte(s.Log.Level)); err != nil {
		level = slog.LevelInfo
	}
	o := &slog.HandlerOptions{Level: level}
	if s.Log.Format == "json" {
		return slog.New(slog.NewJSONHandler(to, o))
	}
	return slog.New(slog.NewTextHandler(to, o))
}

// beside writes to both. A file that takes nothing, on a full disk for instance, takes no line from standard error, and
// keeps nobody from being paid.
type beside struct{ first, second io.Writer }

func (b beside) Write(p []byte) (int, error) {
	_, _ = b.second.Write(p)
	return b.first.Write(p) //nolint:wrapcheck // The logger drops it in any case.
}
