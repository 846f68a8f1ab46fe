package main

import (
	"context"
	"os"
	"strings"
	"time"
)

// endWithGoRun cancels when `go run` is killed. It passes on a Ctrl-C, but dies of any other signal without telling
// the program that it runs, which would leave a whole stack behind. An installed feeops is not watched: its parent
// may well end before it, as with nohup.
func endWithGoRun(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	binary, err := os.Executable()
	if err != nil || !strings.Contains(binary, "go-build") {
		return ctx, cancel
	}
	parent := os.Getppid()
	go func() {
		ticker := time.NewTicker(500 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				if os.Getppid() != parent {
					cancel()
					return
				}
			}
		}
	}()
	return ctx, cancel
}
