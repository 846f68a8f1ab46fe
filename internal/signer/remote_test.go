package signer_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/fake/kms"
	"github.com/meteora-fee-router/feeops/internal/fake/vaulttransit"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/signer"
)

const (
	token   = "hvs.CAESIJplanted-token-of-the-worker"
	keyName = "fee-payer"
)

func newKey(t testing.TB) (ed25519.PrivateKey, solana.PublicKey) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	return private, solana.PublicKeyFromBytes(public)
}

// remote is a key service with one key, and the means to break it.
type remote struct {
	name    string
	address solana.PublicKey
	open    func(want solana.PublicKey) (signer.Signer, error)
	forge   func(bool)
	hold    func() (release func())
	replace func(ed25519.PrivateKey) // Puts another key in the place of this one.
	close   func()
}

func transitOptions(address string) signer.TransitOptions {
	return signer.TransitOptions{
		Address: address, Mount: "transit", Key: keyName, Timeout: time.Second, Token: func() (string, error) { return token, nil },
	}
}

func kmsOptions(endpoint string) signer.KMSOptions {
	return signer.KMSOptions{Region: "eu-central-1", Endpoint: endpoint, KeyID: keyName, Timeout: time.Second}
}

// awsIdentity gives AWS's library an identity and nothing of this machine.
func awsIdentity(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDPLANTED")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "planted-secret-access-key")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"))
}

func startVault(t *testing.T) (*vaulttransit.Server, solana.PublicKey) {
	server := vaulttransit.Start(token)
	t.Cleanup(server.Close)
	private, address := newKey(t)
	server.SetKey(keyName, "ed25519", private)
	return server, address
}

func startKMS(t *testing.T) (*kms.Server, solana.PublicKey) {
	awsIdentity(t)
	server := kms.Start()
	t.Cleanup(server.Close)
	private, address := newKey(t)
	server.SetKey(keyName, "ECC_NIST_EDWARDS25519", private)
	return server, address
}

func remotes(t *testing.T) []remote {
	v, vaultKey := startVault(t)
	k, kmsKey := startKMS(t)
	return []remote{
		{"vault", vaultKey, func(want solana.PublicKey) (signer.Signer, error) {
			o := transitOptions(v.URL)
			o.Public = want
			return signer.OpenTransit(t.Context(), o)
		}, v.Forge, v.Hold, func(p ed25519.PrivateKey) { v.SetKey(keyName, "ed25519", p) }, v.Close},
		{"kms", kmsKey, func(want solana.PublicKey) (signer.Signer, error) {
			o := kmsOptions(k.URL)
			o.Public = want
			return signer.OpenKMS(t.Context(), o)
		}, k.Forge, k.Hold, func(p ed25519.PrivateKey) { k.SetKey(keyName, "ECC_NIST_EDWARDS25519", p) }, k.Close},
	}
}

func refused(t *testing.T, err error, kind fault.Kind, code, text string) {
	t.Helper()
	require.ErrorContains(t, err, text)
	require.Equal(t, kind, fault.KindOf(err), "%v", err)
	require.Equal(t, code, fault.CodeOf(err), "%v", err)
	require.NotContains(t, err.Error(), token)
	require.NotContains(t, err.Error(), "planted")
}

func TestRemote_SignsWithItsKeyAlone(t *testing.T) {
	for _, r := range remotes(t) {
		t.Run(r.name, func(t *testing.T) {
			key, err := r.open(r.address)
			require.NoError(t, err)
			require.Equal(t, r.address, key.PublicKey())
			message := make([]byte, 1232)
			sig, err := key.Sign(t.Context(), message)
			require.NoError(t, err)
			require.True(t, sig.Verify(r.address, message))
			require.NoError(t, signer.Probe(t.Context(), key))
		})
	}
}

func TestRemote_AnotherKeyThanTheSettingsNameIsRefused(t *testing.T) {
	for _, r := range remotes(t) {
		_, other := newKey(t)
		_, err := r.open(other)
		refused(t, err, fault.Human, signer.CodeRotated, r.address.String())
		require.ErrorContains(t, err, other.String())
	}
}

func TestRemote_ASignatureThatDoesNotVerifyIsRefused(t *testing.T) {
	for _, r := range remotes(t) {
		t.Run(r.name, func(t *testing.T) {
			key, err := r.open(r.address)
			require.NoError(t, err)
			r.forge(true)
			sig, err := key.Sign(t.Context(), []byte("message"))
			refused(t, err, fault.Human, signer.CodeBroken, "does not verify")
			require.True(t, sig.IsZero())
			r.forge(false)
			private, _ := newKey(t)
			r.replace(private)
			_, err = key.Sign(t.Context(), []byte("message"))
			refused(t, err, fault.Human, signer.CodeBroken, "does not verify")
		})
	}
}

func TestRemote_ASlowServiceIsAskedAgainLater(t *testing.T) {
	for _, r := range remotes(t) {
		t.Run(r.name, func(t *testing.T) {
			key, err := r.open(r.address)
			require.NoError(t, err)
			release := r.hold()
			_, err = key.Sign(t.Context(), []byte("message"))
			refused(t, err, fault.Retry, signer.CodeUnreachable, "no answer within 1s")
			release()
			_, err = key.Sign(t.Context(), []byte("message"))
			require.NoError(t, err)
			r.close()
			_, err = key.Sign(t.Context(), []byte("message"))
			refused(t, err, fault.Retry, signer.CodeUnreachable, "Nothing was signed")
			_, err = r.open(r.address)
			refused(t, err, fault.Retry, signer.CodeUnreachable, "refused")
		})
	}
}

func TestTransit_EveryFailureHasItsKind(t *testing.T) {
	server, _ := startVault(t)
	private, _ := newKey(t)
	server.SetKey("rsa", "rsa-2048", private)
	tests := []struct {
		name    string
		arrange func(o *signer.TransitOptions)
		kind    fault.Kind
		code    string
		text    string
	}{
		{"wrong token", func(o *signer.TransitOptions) { o.Token = func() (string, error) { return "hvs.other", nil } }, fault.Human, signer.CodeDenied, "permission denied"},
		{"no token", func(o *signer.TransitOptions) { o.Token = func() (string, error) { return "", nil } }, fault.Human, signer.CodeDenied, "token_file"},
		{"unreadable token", func(o *signer.TransitOptions) { o.Token = func() (string, error) { return "", errors.New("gone") } }, fault.Human, signer.CodeDenied, "gone"},
		{"sealed", func(*signer.TransitOptions) { server.Seal() }, fault.Retry, signer.CodeSealed, "Unseal"},
		{"no such key", func(o *signer.TransitOptions) { o.Key = "none" }, fault.Human, signer.CodeKey, "no such key"},
		{"no key named", func(o *signer.TransitOptions) { o.Key = "" }, fault.Human, signer.CodeKey, "signer.vault.key"},
		{"another type", func(o *signer.TransitOptions) { o.Key = "rsa" }, fault.Human, signer.CodeKey, "type rsa-2048"},
		{"another mount", func(o *signer.TransitOptions) { o.Mount = "other" }, fault.Human, signer.CodeKey, "no such key"},
		{"too many requests", func(*signer.TransitOptions) { server.Fail(http.StatusTooManyRequests) }, fault.Retry, signer.CodeThrottled, "status 429"},
		{"out of order", func(*signer.TransitOptions) { server.Fail(http.StatusInternalServerError) }, fault.Retry, signer.CodeUnreachable, "status 500"},
		{"behind a gateway", func(*signer.TransitOptions) { server.Fail(http.StatusBadGateway) }, fault.Retry, signer.CodeUnreachable, "status 502"},
		{"a version that never was", func(o *signer.TransitOptions) { o.Version = 7 }, fault.Human, signer.CodeRotated, "version 7"},
		{"another certificate authority", func(o *signer.TransitOptions) { o.CAFile = "/none.pem" }, fault.Human, signer.CodeKey, "certificates"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := transitOptions(server.URL)
			tt.arrange(&o)
			_, err := signer.OpenTransit(t.Context(), o)
			server.Unseal()
			refused(t, err, tt.kind, tt.code, tt.text)
		})
	}
}

func TestTransit_ARotationInVaultDoesNotChangeTheAddress(t *testing.T) {
	server, address := startVault(t)
	key, err := signer.OpenTransit(t.Context(), transitOptions(server.URL))
	require.NoError(t, err)
	next, nextAddress := newKey(t)
	server.Rotate(keyName, next)
	sig, err := key.Sign(t.Context(), []byte("m"))
	require.NoError(t, err, "the version that was opened goes on")
	require.True(t, sig.Verify(address, []byte("m")))

	o := transitOptions(server.URL)
	o.Public = address
	_, err = signer.OpenTransit(t.Context(), o)
	refused(t, err, fault.Human, signer.CodeRotated, nextAddress.String())
	o.Version = 1
	_, err = signer.OpenTransit(t.Context(), o)
	require.NoError(t, err, "the settings may hold on to a version")

	server.Retire(keyName, 2)
	_, err = key.Sign(t.Context(), []byte("m"))
	refused(t, err, fault.Human, signer.CodeRotated, "minimum")
	_, err = signer.OpenTransit(t.Context(), o)
	refused(t, err, fault.Human, signer.CodeRotated, "least that signs 2")
}

func TestTransit_ATokenThatAnAgentRenewedIsReadAgain(t *testing.T) {
	server, _ := startVault(t)
	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte(token+"\n"), 0o600))
	o := transitOptions(server.URL)
	o.Token = signer.TokenFile(file)
	key, err := signer.OpenTransit(t.Context(), o)
	require.NoError(t, err)
	server.SetToken("hvs.renewed")
	_, err = key.Sign(t.Context(), []byte("m"))
	refused(t, err, fault.Human, signer.CodeDenied, "permission denied")
	require.NoError(t, os.WriteFile(file, []byte("hvs.renewed"), 0o600))
	_, err = key.Sign(t.Context(), []byte("m"))
	require.NoError(t, err)
	require.NoError(t, os.Chmod(file, 0o644))
	server.SetToken("hvs.third")
	_, err = key.Sign(t.Context(), []byte("m"))
	refused(t, err, fault.Human, signer.CodeDenied, "chmod")
}

// TestTransit_TheEnvironmentDecidesNothing holds the VAULT_* variables off: one of them switches verification off.
func TestTransit_TheEnvironmentDecidesNothing(t *testing.T) {
	server, _ := startVault(t)
	t.Setenv("VAULT_ADDR", "http://127.0.0.1:1")
	t.Setenv("VAULT_TOKEN", "hvs.other")
	t.Setenv("VAULT_NAMESPACE", "elsewhere")
	t.Setenv("VAULT_SKIP_VERIFY", "true")
	_, err := signer.OpenTransit(t.Context(), transitOptions(server.URL))
	require.NoError(t, err)
	bad := httptest.NewUnstartedServer(vaulttransit.New(token))
	bad.Config.ErrorLog = log.New(io.Discard, "", 0) // It tells what its client refuses.
	bad.StartTLS()
	defer bad.Close()
	_, err = signer.OpenTransit(t.Context(), transitOptions(bad.URL))
	refused(t, err, fault.Human, signer.CodeTLS, "certificate")
}

func TestTransit_AnExpiredCertificateIsNamed(t *testing.T) {
	for name, life := range map[string]time.Duration{"valid": time.Hour, "expired": -time.Minute} {
		t.Run(name, func(t *testing.T) {
			handler := vaulttransit.New(token)
			private, _ := newKey(t)
			handler.SetKey(keyName, "ed25519", private)
			server := httptest.NewUnstartedServer(handler)
			pair, caFile := certificate(t, time.Now().Add(life))
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
			server.StartTLS()
			defer server.Close()
			o := transitOptions(server.URL)
			o.CAFile = caFile
			_, err := signer.OpenTransit(t.Context(), o)
			if life > 0 {
				require.NoError(t, err)
				return
			}
			refused(t, err, fault.Human, signer.CodeTLS, "expired")
		})
	}
}

// certificate makes a certificate for the loopback address that signs itself and ends at the given time.
func certificate(t *testing.T, end time.Time) (tls.Certificate, string) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "vault"}, NotBefore: end.Add(-2 * time.Hour), NotAfter: end,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}, file
}

func TestKMS_EveryFailureHasItsKind(t *testing.T) {
	server, _ := startKMS(t)
	private, _ := newKey(t)
	server.SetKey("p256", "ECC_NIST_P256", private)
	server.SetKey("off", "ECC_NIST_EDWARDS25519", private)
	server.Disable("off")
	fails := func(code string) func(*signer.KMSOptions) { return func(*signer.KMSOptions) { server.Fail(code) } }
	tests := []struct {
		name    string
		arrange func(o *signer.KMSOptions)
		kind    fault.Kind
		code    string
		text    string
	}{
		{"no such key", func(o *signer.KMSOptions) { o.KeyID = "none" }, fault.Human, signer.CodeKey, "does not exist"},
		{"no key named", func(o *signer.KMSOptions) { o.KeyID = "" }, fault.Human, signer.CodeKey, "signer.kms.key_id"},
		{"another type", func(o *signer.KMSOptions) { o.KeyID = "p256" }, fault.Human, signer.CodeKey, "ECC_NIST_P256"},
		{"disabled", func(o *signer.KMSOptions) { o.KeyID = "off" }, fault.Human, signer.CodeKey, "key-compromised"},
		{"another identity", func(*signer.KMSOptions) { server.Allow("AKIDOTHER") }, fault.Human, signer.CodeDenied, "kms:Sign"},
		{"expired credentials", fails("ExpiredTokenException"), fault.Human, signer.CodeDenied, "ExpiredToken"},
		{"throttled", fails("ThrottlingException"), fault.Retry, signer.CodeThrottled, "quota"},
		{"out of order", fails("KMSInternalException"), fault.Retry, signer.CodeUnreachable, "KMSInternalException"},
		{"a dependency is slow", fails("DependencyTimeoutException"), fault.Retry, signer.CodeUnreachable, "Dependency"},
		{"a code that nobody knows", fails("SomethingNew"), fault.Human, signer.CodeKey, "SomethingNew"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := kmsOptions(server.URL)
			tt.arrange(&o)
			_, err := signer.OpenKMS(t.Context(), o)
			server.Allow("")
			refused(t, err, tt.kind, tt.code, tt.text)
		})
	}
	require.Len(t, server.Requests(), len(tests)-1, "one request each: the activity asks again, not the library")
}

func TestKMS_WithoutAnIdentityItSaysSo(t *testing.T) {
	server, _ := startKMS(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	_, err := signer.OpenKMS(t.Context(), kmsOptions(server.URL))
	refused(t, err, fault.Human, signer.CodeDenied, "no credentials")
	require.Empty(t, server.Requests())
}

func TestKMS_ThrottledWhileSigningIsAskedAgain(t *testing.T) {
	server, address := startKMS(t)
	key, err := signer.OpenKMS(t.Context(), kmsOptions(server.URL))
	require.NoError(t, err)
	server.Fail("ThrottlingException")
	_, err = key.Sign(t.Context(), []byte("m"))
	refused(t, err, fault.Retry, signer.CodeThrottled, "Throttling")
	sig, err := key.Sign(t.Context(), []byte("m"))
	require.NoError(t, err)
	require.True(t, sig.Verify(address, []byte("m")))
}

func TestWatched_KnowsSinceWhenTheKeyCannotBeUsed(t *testing.T) {
	server, _ := startVault(t)
	key, err := signer.OpenTransit(t.Context(), transitOptions(server.URL))
	require.NoError(t, err)
	now := time.Unix(1_767_225_600, 0)
	w := signer.Watch(key, func() time.Time { return now })
	require.True(t, w.State().Reachable)
	server.Seal()
	began := now.Add(time.Minute)
	for range 3 {
		now = now.Add(time.Minute)
		_, err = w.Sign(t.Context(), []byte("m"))
		require.Error(t, err)
	}
	require.Equal(t, signer.State{Code: signer.CodeSealed, Reason: err.Error(), Since: began, Asked: now}, w.State())
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	server.Unseal()
	_, err = w.Sign(gone, []byte("m"))
	require.Error(t, err)
	require.Equal(t, signer.CodeSealed, w.State().Code, "a caller that gave up says nothing about the key")
	_, err = w.Sign(t.Context(), []byte("m"))
	require.NoError(t, err)
	require.Equal(t, signer.State{Reachable: true, Since: now, Asked: now}, w.State())
}
