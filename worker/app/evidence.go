package app

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path/filepath"
	"strings"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/host"
	"github.com/meteora-fee-router/feeops/internal/report"
	"github.com/meteora-fee-router/feeops/internal/secretfile"
	"github.com/meteora-fee-router/feeops/internal/signer"
)

// Bounds are the limits that settings and machine set.
func Bounds(s config.Settings) report.Bounds {
	b := report.Bounds{DeadlineMargin: s.Distribution.DeadlineMargin}
	for _, e := range s.RPC.Endpoints {
		if e.RequestsPerSecond == 0 {
			b.RequestsPerSecond = 0 // One without a limit takes what the others do not.
			break
		}
		b.RequestsPerSecond += uint64(e.RequestsPerSecond)
	}
	if dir := StoreDir(s); dir != "" {
		b.FreeDisk = func() (uint64, error) { return host.Free(dir) }
	}
	return b
}

// SettingsEvidence are the lines of the security checklist that the settings and the files they name can answer.
func SettingsEvidence(s config.Settings) []report.Assessment {
	return []report.Assessment{encryptedEndpoints(s), privatePage(s), keyFiles(s)}
}

func encryptedEndpoints(s config.Settings) report.Assessment {
	a := report.Assessment{Name: "endpoints encrypted", State: "ok"}
	plain := 0
	for _, e := range s.RPC.Endpoints {
		if !strings.HasPrefix(e.URL.Reveal(), "https://") && s.Network != "localnet" {
			plain++
		}
	}
	a.Evidence = fmt.Sprintf("%d of %d endpoints without TLS on %s", plain, len(s.RPC.Endpoints), s.Network)
	if plain > 0 {
		a.State = "warn"
	}
	return a
}

func privatePage(s config.Settings) report.Assessment {
	a := report.Assessment{Name: "worker's page private", State: "ok", Evidence: "worker.listen is " + s.Worker.Listen}
	host, _, err := net.SplitHostPort(s.Worker.Listen)
	if ip := net.ParseIP(host); err != nil || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		a.State = "warn"
	}
	return a
}

// keyFiles looks at who may read the fee payers' keys. A key that does not lie here cannot be looked at.
func keyFiles(s config.Settings) report.Assessment {
	a := report.Assessment{Name: "fee payer keys", State: "not assessed", Evidence: "no key file can be looked at from here"}
	if s.Signer.Source != config.SourceFile {
		a.State, a.Evidence = "ok", fmt.Sprintf("kept by %s; the settings name no key file", s.Signer.Source)
	}
	paths := map[string]bool{s.Signer.KeypairPath: true}
	for _, v := range s.Vaults {
		paths[v.KeypairPath] = true
	}
	seen, open := 0, 0
	for path := range paths {
		if path == "" {
			continue
		}
		_, err := signer.OpenKeyFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		seen++
		if errors.Is(err, secretfile.ErrUnsafe) {
			open++
		}
	}
	if seen > 0 {
		a.State, a.Evidence = "ok", fmt.Sprintf("%d key files on this machine's disk, %d that others may read or replace", seen, open)
	}
	if open > 0 {
		a.State = "fail"
	}
	return a
}

// StoreDir is where the store's file lies; empty for a database elsewhere.
func StoreDir(s config.Settings) string {
	path, isFile := strings.CutPrefix(s.Store.DSN.Reveal(), "file:")
	if !isFile {
		return ""
	}
	return filepath.Dir(path)
}
