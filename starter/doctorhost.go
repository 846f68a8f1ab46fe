package main

import (
	"context"
	"net"
	"path/filepath"
	"slices"
	"strings"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/host"
	"github.com/meteora-fee-router/feeops/internal/signer"
)

// lowDisk is when a full disk, which loses nothing but stops everything, is near.
const lowDisk = 1 << 30

func sqlitePath(dsn string) (string, bool) {
	path, isFile := strings.CutPrefix(dsn, "file:")
	return strings.TrimPrefix(path, "//"), isFile
}

// checkKeys looks at the key files as the worker does.
func checkKeys(_ context.Context, s config.Settings) []finding {
	if s.Signer.Source != config.SourceFile {
		return nil
	}
	var paths []string
	for _, path := range append([]string{s.Signer.KeypairPath}, vaultKeys(s)...) {
		if path != "" && !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	if len(paths) == 0 {
		return []finding{warn("key", "Set signer.keypair_path or KEYPAIR_PATH where the worker runs; reading commands need none.", "no key file is set")}
	}
	var out []finding
	for _, path := range paths {
		if _, err := signer.OpenKeyFile(path); err != nil { // As the worker judges it.
			out = append(out, fail("key", "Do what it says; a key that others could read is known to them: docs/runbooks/key-compromised.md", "%v", err))
			continue
		}
		out = append(out, ok("key", "%s: nobody else may read or replace it", path))
	}
	return out
}

func vaultKeys(s config.Settings) []string {
	var out []string
	for _, v := range s.Vaults {
		out = append(out, v.KeypairPath)
	}
	return out
}

// checkPorts tries the worker's address. An address in use is right while the worker runs.
func checkPorts(ctx context.Context, s config.Settings) []finding {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", s.Worker.Listen)
	if err == nil {
		if err := l.Close(); err != nil {
			return []finding{warn("worker.listen", "", "%v", err)}
		}
		return []finding{ok("worker.listen", "%s is free", s.Worker.Listen)}
	}
	var dialer net.Dialer
	conn, dialErr := dialer.DialContext(ctx, "tcp", s.Worker.Listen)
	if dialErr == nil {
		_ = conn.Close() // Nothing was said on it.
		return []finding{ok("worker.listen", "%s is in use, as it is while the worker runs", s.Worker.Listen)}
	}
	return []finding{fail("worker.listen", "Set worker.listen to an address of this machine.", "%v", err)}
}

// checkDisk looks at the disk of the database.
func checkDisk(_ context.Context, s config.Settings) []finding {
	dir := "."
	if path, isFile := sqlitePath(s.Store.DSN.Reveal()); isFile {
		dir = filepath.Dir(path)
	}
	free, err := host.Free(dir)
	switch {
	case err != nil:
		return []finding{{Check: "disk", Result: "unknown", Seen: err.Error()}}
	case free < lowDisk:
		return []finding{warn("disk", "Free some space: without it nothing can be stored, and so nothing is sent.", "%d MiB free at %s", free>>20, dir)}
	}
	return []finding{ok("disk", "%d GiB free at %s", free>>30, dir)}
}
