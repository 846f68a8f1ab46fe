package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/spf13/cobra"
)

// readyView is the object of ready --json.
type readyView struct {
	OK    bool   `json:"ok"`
	URL   string `json:"url"`
	Error string `json:"error,omitempty"`
}

func (c *cli) readyCommand() *cobra.Command {
	return &cobra.Command{
		Use: "ready", Short: "Ask the worker on this machine whether it can pay now", Args: cobra.NoArgs,
		Long: "ready asks /readyz of the worker at worker.listen: for containers and service managers, whose image has no other client.\nExit code 0: it is ready, 1: it is not, or nobody answers.",
		RunE: func(cmd *cobra.Command, _ []string) error { return c.ready(cmd.Context()) },
	}
}

func (c *cli) ready(ctx context.Context) error {
	s, err := c.settings()
	if err != nil {
		return err
	}
	view := readyView{URL: "http://" + nearby(s.Worker.Listen) + "/readyz"}
	if err := askReady(ctx, view.URL); err != nil {
		view.Error = err.Error()
	}
	view.OK = view.Error == ""
	switch {
	case c.json:
		err = c.printJSON(view)
	case view.OK:
		_, err = fmt.Fprintln(c.stdout, "ready")
	default:
		return fmt.Errorf("not ready: %s", view.Error)
	}
	if err == nil && !view.OK {
		return &exitError{code: exitFailed}
	}
	return err
}

func askReady(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 8*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }() // All that is wanted of it was read.
	var said struct {
		OK    bool   `json:"ok"`
		Error string `json:"error"`
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, 64<<10)).Decode(&said); err != nil {
		return fmt.Errorf("%s: no answer of a worker: %w", answer.Status, err)
	}
	if !said.OK {
		return fmt.Errorf("%s", said.Error)
	}
	return nil
}

// nearby is the address from this machine: a worker that listens everywhere is asked over loopback.
func nearby(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}
