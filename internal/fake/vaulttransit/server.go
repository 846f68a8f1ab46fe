// Package vaulttransit is a HashiCorp Vault with a transit engine that keeps ed25519 keys in memory and breaks on
// request. It speaks the documented wire: GET keys/NAME, POST sign/NAME, {"errors":[…]} with Vault's status codes.
package vaulttransit

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"

	"github.com/meteora-fee-router/feeops/internal/fake"
)

// Server is the fake. Its methods are safe while it serves.
type Server struct {
	*httptest.Server
	fake.Gate

	mu     sync.Mutex
	token  string
	keys   map[string]*key
	sealed bool
	status []int // Answers of the next requests instead of the real ones.
	forge  bool
}

type key struct {
	kind     string
	versions []ed25519.PrivateKey // Version 1 first.
	least    int                  // min_encryption_version.
}

// Start serves over plain HTTP on a loopback port until Close.
func Start(token string) *Server {
	s := New(token)
	s.Server = httptest.NewServer(s)
	return s
}

// New is a server that does not listen yet, for tests that want TLS: give it to httptest.
func New(token string) *Server { return &Server{token: token, keys: map[string]*key{}} }

// SetKey makes a key of one version. The private half is given, so that a test may know the address.
func (s *Server) SetKey(name, kind string, private ed25519.PrivateKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[name] = &key{kind: kind, versions: []ed25519.PrivateKey{private}}
}

// Rotate adds a version; older ones still sign when asked for.
func (s *Server) Rotate(name string, private ed25519.PrivateKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[name].versions = append(s.keys[name].versions, private)
}

// Retire sets min_encryption_version: older versions do not sign any more.
func (s *Server) Retire(name string, least int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[name].least = least
}

// Seal makes every answer "Vault is sealed", until Unseal.
func (s *Server) Seal() { s.set(func() { s.sealed = true }) }

// Unseal ends Seal.
func (s *Server) Unseal() { s.set(func() { s.sealed = false }) }

// SetToken makes the server want another token.
func (s *Server) SetToken(token string) { s.set(func() { s.token = token }) }

// Fail answers the next requests with these status codes.
func (s *Server) Fail(status ...int) { s.set(func() { s.status = append(s.status, status...) }) }

// Forge makes signatures that do not verify.
func (s *Server) Forge(on bool) { s.set(func() { s.forge = on }) }

func (s *Server) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// ServeHTTP answers like Vault.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.Take(r.Context(), r.Method+" "+r.URL.Path) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.status) > 0 {
		status := s.status[0]
		s.status = s.status[1:]
		fail(w, status, "broken on request")
		return
	}
	switch path := strings.TrimPrefix(r.URL.Path, "/v1/transit/"); {
	case s.sealed:
		fail(w, http.StatusServiceUnavailable, "Vault is sealed")
	case r.Header.Get("X-Vault-Request") != "true":
		fail(w, http.StatusPreconditionFailed, "missing X-Vault-Request")
	case r.Header.Get("X-Vault-Token") != s.token:
		fail(w, http.StatusForbidden, "permission denied", "invalid token")
	case r.Method == http.MethodGet && strings.HasPrefix(path, "keys/"):
		s.read(w, strings.TrimPrefix(path, "keys/"))
	case (r.Method == http.MethodPost || r.Method == http.MethodPut) && strings.HasPrefix(path, "sign/"):
		s.sign(w, r, strings.TrimPrefix(path, "sign/"))
	default:
		fail(w, http.StatusNotFound)
	}
}

func (s *Server) read(w http.ResponseWriter, name string) {
	k := s.keys[name]
	if k == nil {
		fail(w, http.StatusNotFound) // An unknown key is an empty list of errors.
		return
	}
	versions := map[string]any{}
	for i, v := range k.versions {
		versions[strconv.Itoa(i+1)] = map[string]any{"name": k.kind, "creation_time": "2026-01-01T00:00:00Z", "public_key": base64.StdEncoding.EncodeToString(v.Public().(ed25519.PublicKey))}
	}
	answer(w, map[string]any{
		"name": name, "type": k.kind, "derived": false, "exportable": false, "supports_signing": true,
		"latest_version": len(k.versions), "min_encryption_version": k.least, "keys": versions,
	})
}

func (s *Server) sign(w http.ResponseWriter, r *http.Request, name string) {
	var in struct {
		Input   string `json:"input"`
		Version int    `json:"key_version"`
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil || json.Unmarshal(body, &in) != nil {
		fail(w, http.StatusBadRequest, "failed to parse JSON input")
		return
	}
	message, err := base64.StdEncoding.DecodeString(in.Input)
	k := s.keys[name]
	switch {
	case k == nil:
		fail(w, http.StatusBadRequest, "signing key not found")
		return
	case err != nil:
		fail(w, http.StatusBadRequest, "unable to decode input as base64")
		return
	case in.Version == 0:
		in.Version = len(k.versions)
	case in.Version < k.least:
		fail(w, http.StatusBadRequest, "requested version for signing is less than the minimum encryption key version")
		return
	case in.Version > len(k.versions):
		fail(w, http.StatusBadRequest, "requested version for signing is higher than the latest key version")
		return
	}
	signature := ed25519.Sign(k.versions[in.Version-1], message)
	if s.forge {
		signature[0] ^= 1
	}
	answer(w, map[string]any{"signature": fmt.Sprintf("vault:v%d:%s", in.Version, base64.StdEncoding.EncodeToString(signature)), "key_version": in.Version})
}

func answer(w http.ResponseWriter, data map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"request_id": "fake", "lease_id": "", "renewable": false, "lease_duration": 0, "data": data, "warnings": nil}) // A client that hangs up gets nothing.
}

func fail(w http.ResponseWriter, status int, errors ...string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if errors == nil {
		errors = []string{}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"errors": errors}) // As above.
}
