package signer

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gagliardetto/solana-go"
	vault "github.com/hashicorp/vault/api"

	"github.com/meteora-fee-router/feeops/internal/fault"
)

// keyTypeED25519 is the transit engine's name for the only type that Solana takes.
const keyTypeED25519 = "ed25519"

// TransitOptions name a key of HashiCorp Vault's transit engine.
type TransitOptions struct {
	Address   string
	Namespace string
	Mount     string // Path of the engine, such as transit.
	Key       string
	Version   int // Of the key; 0 takes the latest one when the key is opened, and keeps it.
	// Token is read when the key is opened, and once more when the service refuses: agents renew tokens in files.
	Token   func() (string, error)
	CAFile  string           // PEM; empty uses the machine's.
	Public  solana.PublicKey // What the key must be; zero takes any.
	Timeout time.Duration    // Of one request.
}

// Transit is one version of a key in HashiCorp Vault. It is safe for concurrent use.
type Transit struct {
	o       TransitOptions
	client  *vault.Client
	version int
	public  solana.PublicKey
}

// OpenTransit reads the key's public half and holds on to one version of it: a rotation in Vault changes the address,
// and an address without SOL cannot pay. Errors: Retry signer/unreachable, signer/sealed, signer/throttled; Human
// signer/denied, signer/key, signer/rotated, signer/tls.
func OpenTransit(ctx context.Context, o TransitOptions) (*Transit, error) {
	t := &Transit{o: o}
	if o.Key == "" {
		return nil, fault.New(fault.Human, CodeKey, errNoKey).WithNext("Set signer.vault.key")
	}
	client, err := newVaultClient(o)
	if err != nil {
		return nil, fault.Newf(fault.Human, CodeKey, "client for %s: %w", o.Address, err)
	}
	t.client = client
	if err := t.login(); err != nil {
		return nil, err
	}
	if err := t.load(ctx); err != nil {
		return nil, err
	}
	if !o.Public.IsZero() && t.public != o.Public {
		return nil, wrongKey(t.String(), t.public, o.Public)
	}
	return t, nil
}

// newVaultClient takes nothing from VAULT_* variables: one of them switches the verification of certificates off.
func newVaultClient(o TransitOptions) (*vault.Client, error) {
	transport, err := transport(o.CAFile)
	if err != nil {
		return nil, err
	}
	c, err := vault.NewClient(&vault.Config{
		Address: o.Address, Timeout: o.Timeout, DisableRedirects: true,
		HttpClient: &http.Client{Transport: short{transport}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		CheckRetry: func(context.Context, *http.Response, error) (bool, error) { return false, nil }, // The activity asks again.
	})
	if err != nil {
		return nil, err
	}
	c.ClearNamespace()
	if o.Namespace != "" {
		c.SetNamespace(o.Namespace)
	}
	return c, nil
}

func (t *Transit) login() error {
	token, err := t.o.Token()
	if err == nil && token == "" {
		err = errors.New("it is empty")
	}
	if err != nil {
		return fault.Newf(fault.Human, CodeDenied, "%s: token: %w", t, err).WithNext("Set signer.vault.token or signer.vault.token_file")
	}
	t.client.SetToken(token)
	return nil
}

// transitKey is what the engine tells of a key.
type transitKey struct {
	Type    string `json:"type"`
	Derived bool   `json:"derived"`
	Latest  int    `json:"latest_version"`
	Least   int    `json:"min_encryption_version"` // Least version that still signs; 0 is the first.
	Keys    map[string]struct {
		PublicKey string `json:"public_key"`
	} `json:"keys"`
}

func (t *Transit) load(ctx context.Context) error {
	answer, err := t.ask(ctx, func(ctx context.Context) (*vault.Secret, error) {
		return t.client.Logical().ReadWithContext(ctx, t.o.Mount+"/keys/"+t.o.Key)
	})
	if err != nil {
		return err
	}
	if answer == nil {
		return fault.Newf(fault.Human, CodeKey, "%s: there is no such key", t).
			WithNext("Check signer.vault.mount and signer.vault.key; make one with: vault write " + t.o.Mount + "/keys/" + t.o.Key + " type=ed25519")
	}
	var key transitKey
	if err := answerAs(answer, &key); err != nil {
		return fault.Newf(fault.Human, CodeKey, "%s: the answer is not a transit key: %w", t, err)
	}
	if key.Type != keyTypeED25519 || key.Derived {
		return fault.Newf(fault.Human, CodeKey, "%s has type %s (derived %t), and Solana needs ed25519", t, key.Type, key.Derived).
			WithNext("Make another key with type=ed25519")
	}
	t.version = t.o.Version
	if t.version == 0 {
		t.version = key.Latest
	}
	one, ok := key.Keys[strconv.Itoa(t.version)]
	if !ok || t.version < key.Least {
		return fault.Newf(fault.Human, CodeRotated, "%s: version %d cannot sign any more: the latest is %d, the least that signs %d", t, t.version, key.Latest, key.Least).
			WithNext("If the key was rotated on purpose, follow docs/security.md (rotation); else lower min_encryption_version of the key")
	}
	raw, err := base64.StdEncoding.DecodeString(one.PublicKey)
	if err == nil {
		t.public, err = publicKey(raw)
	}
	if err != nil {
		return fault.Newf(fault.Human, CodeKey, "%s: public key of version %d: %w", t, t.version, err)
	}
	return nil
}

// PublicKey is the key's address.
func (t *Transit) PublicKey() solana.PublicKey { return t.public }

// String names the key's place; it holds no secret.
func (t *Transit) String() string { return "vault " + t.o.Mount + "/" + t.o.Key }

// Sign asks Vault for a signature with the version that was opened, and verifies it. Errors: as OpenTransit, and Human
// signer/broken. Wrap it in a Policy: Vault signs whatever it is given.
func (t *Transit) Sign(ctx context.Context, message []byte) (solana.Signature, error) {
	answer, err := t.ask(ctx, func(ctx context.Context) (*vault.Secret, error) {
		return t.client.Logical().WriteWithContext(ctx, t.o.Mount+"/sign/"+t.o.Key, map[string]any{
			"input": base64.StdEncoding.EncodeToString(message), "key_version": t.version,
		})
	})
	if err != nil {
		return solana.Signature{}, err
	}
	var signed struct {
		Signature string `json:"signature"`
	}
	if answer == nil || answerAs(answer, &signed) != nil {
		return solana.Signature{}, fault.Newf(fault.Human, CodeBroken, "%s: the answer holds no signature", t)
	}
	// vault:v3:BASE64
	parts := strings.Split(signed.Signature, ":")
	if len(parts) != 3 || parts[0] != "vault" || parts[1] != fmt.Sprintf("v%d", t.version) {
		return solana.Signature{}, fault.Newf(fault.Human, CodeRotated, "%s signed with another version than %d", t, t.version).
			WithNext("Nothing was sent. Another version is another address: follow docs/security.md (rotation)")
	}
	raw, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil {
		return solana.Signature{}, fault.Newf(fault.Human, CodeBroken, "%s: the signature is not base64: %w", t, err)
	}
	return verified(t.String(), t.public, message, raw)
}

// ask makes one request, and a second one with a fresh token when the first is refused.
func (t *Transit) ask(ctx context.Context, do func(context.Context) (*vault.Secret, error)) (*vault.Secret, error) {
	ctx, cancel := context.WithTimeout(ctx, t.o.Timeout)
	defer cancel()
	answer, err := do(ctx)
	var refused *vault.ResponseError
	if errors.As(err, &refused) && refused.StatusCode == http.StatusForbidden {
		old := t.client.Token()
		if err := t.login(); err != nil {
			return nil, err
		}
		if t.client.Token() != old {
			answer, err = do(ctx)
		}
	}
	if err != nil {
		return nil, t.classify(err)
	}
	return answer, nil
}

// classify goes by status codes. The client's own text has several lines and is not repeated.
func (t *Transit) classify(err error) error {
	var refused *vault.ResponseError
	if !errors.As(err, &refused) {
		return unanswered(t.String(), err, t.o.Timeout)
	}
	cause := fmt.Errorf("%s: status %d: %s", t, refused.StatusCode, strings.Join(refused.Errors, "; "))
	switch {
	case refused.StatusCode == http.StatusForbidden:
		return fault.New(fault.Human, CodeDenied, cause).WithNext("The token is wrong, has expired, or may not read keys/ and update sign/ of this key: docs/security.md has the policy")
	case refused.StatusCode == http.StatusServiceUnavailable && strings.Contains(strings.Join(refused.Errors, " "), "sealed"):
		return fault.New(fault.Retry, CodeSealed, cause).WithNext("Unseal Vault; the worker goes on by itself")
	case refused.StatusCode == http.StatusTooManyRequests:
		return fault.New(fault.Retry, CodeThrottled, cause).WithNext("Raise the quota of the transit engine")
	case refused.StatusCode == http.StatusBadRequest && strings.Contains(cause.Error(), "version"):
		return fault.New(fault.Human, CodeRotated, cause).WithNext("The version that the worker was started with cannot sign any more: follow docs/security.md (rotation)")
	case refused.StatusCode >= http.StatusInternalServerError:
		return fault.New(fault.Retry, CodeUnreachable, cause).WithNext("Look at Vault; the worker goes on by itself")
	}
	return fault.New(fault.Human, CodeKey, cause).WithNext("Check signer.vault.mount and signer.vault.key")
}

// answerAs reads an answer's data into a struct.
func answerAs(s *vault.Secret, into any) error {
	b, err := json.Marshal(s.Data)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, into)
}
