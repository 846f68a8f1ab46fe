// Package kms is an AWS KMS that keeps ed25519 keys in memory and breaks on request. It speaks the documented wire:
// AWS JSON 1.1, X-Amz-Target TrentService.GetPublicKey and TrentService.Sign, errors by __type.
package kms

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"

	"github.com/meteora-fee-router/feeops/internal/fake"
)

// maxMessage is KMS's own bound for a raw message.
const maxMessage = 4096

// Server is the fake. Its methods are safe while it serves.
type Server struct {
	*httptest.Server
	fake.Gate

	mu    sync.Mutex
	keys  map[string]*key
	codes []string // Error codes of the next requests.
	forge bool
	id    string // Access key id that may ask; empty: anyone.
}

type key struct {
	spec     string
	private  ed25519.PrivateKey
	disabled bool
}

// Start serves over plain HTTP on a loopback port until Close.
func Start() *Server {
	s := &Server{keys: map[string]*key{}}
	s.Server = httptest.NewServer(s)
	return s
}

// SetKey makes a key, or puts another one behind an alias. spec is KMS's key spec.
func (s *Server) SetKey(id, spec string, private ed25519.PrivateKey) {
	s.set(func() { s.keys[id] = &key{spec: spec, private: private} })
}

// Disable makes a key unusable.
func (s *Server) Disable(id string) { s.set(func() { s.keys[id].disabled = true }) }

// Allow lets only this access key id ask.
func (s *Server) Allow(accessKeyID string) { s.set(func() { s.id = accessKeyID }) }

// Fail answers the next requests with these error codes, such as ThrottlingException.
func (s *Server) Fail(codes ...string) { s.set(func() { s.codes = append(s.codes, codes...) }) }

// Forge makes signatures that do not verify.
func (s *Server) Forge(on bool) { s.set(func() { s.forge = on }) }

func (s *Server) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// request holds the fields of both operations.
type request struct {
	KeyID            string `json:"KeyId"`
	Message          string
	MessageType      string
	SigningAlgorithm string
}

// ServeHTTP answers like KMS.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	target := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "TrentService.")
	if !s.Take(r.Context(), target) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.codes) > 0 {
		code := s.codes[0]
		s.codes = s.codes[1:]
		fail(w, code, "broken on request")
		return
	}
	var in request
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil || json.Unmarshal(body, &in) != nil {
		fail(w, "SerializationException", "")
		return
	}
	k := s.keys[in.KeyID]
	switch {
	case !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential="):
		fail(w, "MissingAuthenticationToken", "Missing Authentication Token")
	case s.id != "" && !strings.Contains(r.Header.Get("Authorization"), "Credential="+s.id+"/"):
		fail(w, "AccessDeniedException", "User is not authorized to perform: kms:"+target)
	case k == nil:
		fail(w, "NotFoundException", "Key '"+in.KeyID+"' does not exist")
	case k.disabled:
		fail(w, "DisabledException", in.KeyID+" is disabled.")
	case target == "GetPublicKey":
		s.publicKey(w, in.KeyID, k)
	case target == "Sign":
		s.sign(w, in, k)
	default:
		fail(w, "UnknownOperationException", "")
	}
}

func (s *Server) publicKey(w http.ResponseWriter, id string, k *key) {
	der, err := x509.MarshalPKIXPublicKey(k.private.Public())
	if err != nil {
		fail(w, "KMSInternalException", err.Error())
		return
	}
	algorithms := []string{"ED25519_SHA_512", "ED25519_PH_SHA_512"}
	if k.spec != "ECC_NIST_EDWARDS25519" {
		algorithms = []string{"ECDSA_SHA_256"}
	}
	answer(w, map[string]any{
		"KeyId": "arn:aws:kms:eu-central-1:111122223333:key/" + id, "PublicKey": der, "KeySpec": k.spec,
		"CustomerMasterKeySpec": k.spec, "KeyUsage": "SIGN_VERIFY", "SigningAlgorithms": algorithms,
	})
}

func (s *Server) sign(w http.ResponseWriter, in request, k *key) {
	message, err := base64.StdEncoding.DecodeString(in.Message)
	switch {
	case err != nil || len(message) == 0 || len(message) > maxMessage:
		fail(w, "ValidationException", "the message must have 1 to 4096 bytes")
		return
	case in.SigningAlgorithm != "ED25519_SHA_512" || in.MessageType != "RAW" || k.spec != "ECC_NIST_EDWARDS25519":
		fail(w, "InvalidKeyUsageException", "Algorithm "+in.SigningAlgorithm+" is incompatible with the key spec or the message type")
		return
	}
	signature := ed25519.Sign(k.private, message)
	if s.forge {
		signature[0] ^= 1
	}
	answer(w, map[string]any{"KeyId": in.KeyID, "Signature": signature, "SigningAlgorithm": in.SigningAlgorithm})
}

func answer(w http.ResponseWriter, out map[string]any) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	_ = json.NewEncoder(w).Encode(out) // A client that hangs up gets nothing.
}

// serverSide are the codes that come with status 500.
func serverSide(code string) bool {
	switch code {
	case "KMSInternalException", "DependencyTimeoutException", "KeyUnavailableException", "InternalFailure", "ServiceUnavailable":
		return true
	}
	return false
}

func fail(w http.ResponseWriter, code, message string) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	status := http.StatusBadRequest
	if serverSide(code) {
		status = http.StatusInternalServerError
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"__type": code, "message": message}) // As above.
}
