package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
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
	var url, file string
	cmd := &cobra.Command{
		Use: "ready", Short: "Ask the worker on this machine whether it can pay now", Args: cobra.NoArgs,
		Example: "  feeops ready\n  feeops ready --json",
		Long:    "ready asks /readyz of the worker at worker.listen: for containers and service managers, whose image has no other client.\nExit code 0: it is ready, 1: it is not, or nobody answers.",
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.ready(cmd.Context(), url, file) },
	}
	cmd.Flags().StringVar(&url, "url", "", "ask this `address` instead, such as a local chain's /health; needs no settings")
	cmd.Flags().StringVar(&file, "file", "", "also want this `file`, such as the vaults that a local chain writes once it has made them")
	return cmd
}

func (c *cli) ready(ctx context.Context, url, file string) error {
	if url == "" {
		s, err := c.settings()
		if err != nil {
			return err
		}
		url = "http://" + nearby(s.Worker.Listen) + "/readyz"
	}
	view := readyView{URL: url}
	if err := askReady(ctx, view.URL); err != nil {
		view.Error = err.Error()
	}
	if info, err := os.Stat(file); file != "" && view.Error == "" {
		if err != nil {
			view.Error = err.Error()
		} else if info.Size() == 0 {
			view.Error = file + " is empty"
		}
	}
	view.OK = view.Error == ""
	var err error
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
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	if err != nil {
		return fmt.Errorf("%s: %w", answer.Status, err)
	}
	var said struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(body, &said) != nil || said.Error == "" {
		return fmt.Errorf("%s answers %s: no answer of a worker", url, answer.Status)
	}
	return errors.New(said.Error)
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
