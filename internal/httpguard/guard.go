// Package httpguard hardens our HTTP servers: time limits, size limits, headers, and refusal of what a web page of
// somebody else could make a browser send.
package httpguard

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// MaxBody is how much of a request's body is read when Options say nothing.
const MaxBody = 1 << 20

// Options say what a server lets in. The zero value is a server for everybody who reaches it, without secrets.
type Options struct {
	MaxBody int64 // Bytes; 0 takes MaxBody.
	// Loopback refuses names of other hosts in the Host header: a foreign page could let its own name point to this
	// machine and then read the answers (DNS rebinding).
	Loopback bool
	Origin   string // A page whose scripts may call, such as http://127.0.0.1:8233; empty: none but our own.
}

// Server is an http.Server with limits for everything that a client can draw out.
func Server(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 20 * time.Second,
		IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
	}
}

// Handler puts the guard before h. State-changing requests that a browser sends for another site are refused by their
// Sec-Fetch-Site and Origin headers, which pages cannot forge; clients that are no browsers pass and need a token.
func Handler(h http.Handler, o Options) (http.Handler, error) {
	if o.MaxBody <= 0 {
		o.MaxBody = MaxBody
	}
	cross := http.NewCrossOriginProtection()
	if o.Origin != "" {
		if err := cross.AddTrustedOrigin(o.Origin); err != nil {
			return nil, fmt.Errorf("origin %q: %w. Give scheme, host and port alone, such as http://127.0.0.1:8233", o.Origin, err)
		}
	}
	inner := cross.Handler(h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		headers(w.Header())
		switch {
		case o.Loopback && !loopbackHost(r.Host):
			http.Error(w, "this server answers to names of its own machine only", http.StatusMisdirectedRequest)
			return
		case r.ContentLength > o.MaxBody:
			http.Error(w, "the request is too large", http.StatusRequestEntityTooLarge)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, o.MaxBody)
		if o.Origin != "" && allowed(w, r, o.Origin) {
			return
		}
		inner.ServeHTTP(w, r)
	}), nil
}

// headers keep answers out of caches, frames and guesses of their type. A handler may set others.
func headers(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}

// allowed answers the browser's question before a call (CORS) and lets that one page read the answers. It is true when
// the request is answered.
func allowed(w http.ResponseWriter, r *http.Request, origin string) bool {
	w.Header().Add("Vary", "Origin")
	if r.Header.Get("Origin") == origin {
		w.Header().Set("Access-Control-Allow-Origin", origin)
		w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
	}
	if r.Method != http.MethodOptions {
		return false
	}
	if r.Header.Get("Origin") != origin {
		http.Error(w, "another origin", http.StatusForbidden)
		return true
	}
	w.Header().Set("Access-Control-Allow-Methods", "POST")
	w.Header().Set("Access-Control-Allow-Headers", "authorization, content-type, x-namespace")
	w.WriteHeader(http.StatusNoContent)
	return true
}

func loopbackHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return host == "localhost" || (err == nil && ip.IsLoopback())
}

// Token lets only those in who know the token, as "Authorization: Bearer TOKEN" or as the first part of the path, for
// pages that can keep an address and no header. How long the comparison takes tells nothing.
func Token(token string, h http.Handler) http.Handler {
	want := sha256.Sum256([]byte(token))
	same := func(given string) bool {
		got := sha256.Sum256([]byte(given))
		return token != "" && subtle.ConstantTimeCompare(got[:], want[:]) == 1
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok && same(bearer) {
			h.ServeHTTP(w, r)
			return
		}
		if first, rest, ok := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/"); ok && same(first) {
			r = r.Clone(r.Context())
			r.URL.Path, r.URL.RawPath = "/"+rest, ""
			h.ServeHTTP(w, r)
			return
		}
		w.Header().Set("WWW-Authenticate", "Bearer")
		http.Error(w, "a token is needed", http.StatusUnauthorized)
	})
}
