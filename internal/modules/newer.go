package modules

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

const (
	askAtOnce = 8
	maxAnswer = 64 << 10
)

// Update is a newer version than the one that the program is built with.
type Update struct {
	Module string `json:"module"`
	Has    string `json:"has"`
	Latest string `json:"latest"`
}

// Proxy is the first server of a GOPROXY setting; empty when it names none.
func Proxy(goproxy string) string {
	for _, one := range strings.FieldsFunc(goproxy, func(r rune) bool { return r == ',' || r == '|' }) {
		if u, err := url.Parse(one); err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" {
			return strings.TrimSuffix(one, "/")
		}
	}
	return ""
}

// Newer asks a module proxy for the newest version of each module (W05). It gives the newer ones, and how many modules
// could not be asked for: those are unknown and not up to date. Replaced modules are not asked for.
func Newer(ctx context.Context, client *http.Client, proxy string, list []Module) (updates []Update, unknown int) {
	latest := make([]string, len(list))
	slots := make(chan struct{}, askAtOnce)
	var group sync.WaitGroup
	for i, m := range list {
		if m.Replaced {
			latest[i] = m.Version
			continue
		}
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			latest[i], _ = newest(ctx, client, proxy, m.Path) // Empty is unknown.
		})
	}
	group.Wait()
	for i, m := range list {
		switch {
		case !semver.IsValid(latest[i]) && !m.Replaced:
			unknown++
		case semver.Compare(latest[i], m.Version) > 0:
			updates = append(updates, Update{Module: m.Path, Has: m.Version, Latest: latest[i]})
		}
	}
	return updates, unknown
}

func newest(ctx context.Context, client *http.Client, proxy, path string) (string, error) {
	escaped, err := module.EscapePath(path)
	if err != nil {
		return "", fmt.Errorf("module %s: %w", path, err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, proxy+"/"+escaped+"/@latest", nil)
	if err != nil {
		return "", fmt.Errorf("module %s: %w", path, err)
	}
	resp, err := client.Do(r)
	if err != nil {
		return "", fmt.Errorf("module %s: %w", path, err)
	}
	defer resp.Body.Close()
	var answer struct{ Version string }
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(&answer); err != nil || resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("module %s: status %d", path, resp.StatusCode)
	}
	return answer.Version, nil
}
