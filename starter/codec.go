package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/internal/codec"
	"github.com/meteora-fee-router/feeops/internal/httpguard"
	"github.com/meteora-fee-router/feeops/worker/app"
)

func (c *cli) codecCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "codec", Short: "Read what is encrypted in Temporal"}
	cmd.AddCommand(c.codecServeCommand())
	return cmd
}

func (c *cli) codecServeCommand() *cobra.Command {
	var listen, origin string
	cmd := &cobra.Command{
		Use: "serve --web-origin ORIGIN", Short: "Decrypt for the Temporal Web UI and the temporal command, until Ctrl-C", Args: cobra.NoArgs,
		Long: "Serves on this machine only. In the Web UI set the codec endpoint (the glasses icon) to the address that is printed, which holds the\n" +
			"token; for the temporal command give --codec-endpoint http://ADDRESS --codec-auth 'Bearer TOKEN'. The keys are those of\n" +
			"temporal.encryption.keys; the token is temporal.encryption.codec_token, or a new one at each start. It decrypts and never encrypts.",
		Example: "  feeops codec serve --web-origin http://127.0.0.1:8233",
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.codecServe(cmd.Context(), listen, origin) },
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:0", "loopback `address`; port 0 takes a free one")
	cmd.Flags().StringVar(&origin, "web-origin", "", "origin of the Temporal Web UI: its scripts alone may ask (default: temporal.ui_url)")
	return cmd
}

func (c *cli) codecServe(ctx context.Context, listen, origin string) error {
	s, err := c.settings()
	if err != nil {
		return err
	}
	if origin == "" {
		origin = s.Temporal.UIURL
	}
	if origin == "" {
		return usageError("--web-origin is needed: the address of the Temporal Web UI, such as http://127.0.0.1:8233")
	}
	if len(s.Temporal.Encryption.Keys) == 0 {
		return usageError("temporal.encryption.keys has no key: nothing is encrypted")
	}
	if host, _, err := net.SplitHostPort(listen); err != nil || net.ParseIP(host) == nil || !net.ParseIP(host).IsLoopback() {
		return usageError("--listen: got %q, want a loopback address such as 127.0.0.1:8791: whoever reaches it and knows the token reads everything", listen)
	}
	token := s.Temporal.Encryption.CodecToken.Reveal()
	if token == "" {
		token = rand.Text()
	}
	decoder, err := app.NewCodec(s)
	if err != nil {
		return usageError("%w", err)
	}
	handler, err := decoder.Handler(codec.ServerOptions{Token: token, Origin: origin, Log: c.logger(s.Log.Level, s.Log.Format)})
	if err != nil {
		return usageError("--web-origin: %w", err)
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		return fmt.Errorf("the codec server cannot listen: %w", err)
	}
	return c.serveCodec(ctx, l, httpguard.Server(handler), s.Temporal.Encryption.CodecToken.IsZero(), token)
}

// codecServed is codec serve --json, printed when it listens.
type codecServed struct {
	Address string `json:"address"`
	Token   string `json:"token,omitempty"`
}

// serveCodec tells where it serves. A token that was made for this start is shown once, to the person who needs it.
func (c *cli) serveCodec(ctx context.Context, l net.Listener, server *http.Server, fresh bool, token string) error {
	address := "http://" + l.Addr().String()
	if c.json {
		out := codecServed{Address: address}
		if fresh {
			out.Token = token
		}
		if err := c.printJSON(out); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(c.stdout, "Codec server at %s\n", address)
		if fresh {
			fmt.Fprintf(c.stdout, "Endpoint for the Web UI: %s/%s\nFor the temporal command: --codec-endpoint %s --codec-auth 'Bearer %s'\n", address, token, address, token)
		} else {
			fmt.Fprintf(c.stdout, "Endpoint for the Web UI: %s/TOKEN, with the token of temporal.encryption.codec_token\n", address)
		}
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return fmt.Errorf("the codec server ended: %w", err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := server.Shutdown(stop); err != nil {
		return fmt.Errorf("stop the codec server: %w", err)
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
