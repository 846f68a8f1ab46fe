package signer

import (
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"
	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/fault"
)

// KMSOptions name a key of AWS KMS. Credentials come from where AWS's own tools find them: the instance's role, a web
// identity, or AWS_* variables; AWS_CA_BUNDLE works as well.
type KMSOptions struct {
	Region   string
	Endpoint string           // Empty: the region's own.
	KeyID    string           // Key id, ARN or alias.
	Public   solana.PublicKey // What the key must be; zero takes any.
	Timeout  time.Duration    // Of one request.
}

// KMS is a key of AWS KMS. It is safe for concurrent use.
type KMS struct {
	o      KMSOptions
	client *kms.Client
	public solana.PublicKey
}

// OpenKMS reads the key's public half. Errors: Retry signer/unreachable, signer/throttled; Human signer/denied,
// signer/key, signer/rotated, signer/tls.
func OpenKMS(ctx context.Context, o KMSOptions) (*KMS, error) {
	k := &KMS{o: o}
	if o.KeyID == "" {
		return nil, fault.New(fault.Human, CodeKey, errNoKey).WithNext("Set signer.kms.key_id")
	}
	settings, err := config.LoadDefaultConfig(ctx, config.WithRegion(o.Region),
		config.WithRetryer(func() aws.Retryer { return aws.NopRetryer{} })) // The activity asks again.
	if err != nil {
		return nil, fault.Newf(fault.Human, CodeKey, "settings of AWS: %w", err)
	}
	k.client = kms.NewFromConfig(settings, func(s *kms.Options) {
		s.HTTPClient = shortClient{s.HTTPClient}
		if o.Endpoint != "" {
			s.BaseEndpoint = &o.Endpoint
		}
	})
	if err := k.load(ctx); err != nil {
		return nil, err
	}
	if !o.Public.IsZero() && k.public != o.Public {
		return nil, wrongKey(k.String(), k.public, o.Public)
	}
	return k, nil
}

func (k *KMS) load(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, k.o.Timeout)
	defer cancel()
	got, err := k.client.GetPublicKey(ctx, &kms.GetPublicKeyInput{KeyId: &k.o.KeyID})
	if err != nil {
		return k.classify(err)
	}
	if got.KeySpec != types.KeySpecEccNistEdwards25519 || got.KeyUsage != types.KeyUsageTypeSignVerify || !slices.Contains(got.SigningAlgorithms, types.SigningAlgorithmSpecEd25519Sha512) {
		return fault.Newf(fault.Human, CodeKey, "%s has spec %s and usage %s, and Solana needs ECC_NIST_EDWARDS25519 for SIGN_VERIFY", k, got.KeySpec, got.KeyUsage).
			WithNext("Make another key with: aws kms create-key --key-spec ECC_NIST_EDWARDS25519 --key-usage SIGN_VERIFY")
	}
	parsed, err := x509.ParsePKIXPublicKey(got.PublicKey)
	if err != nil {
		return fault.Newf(fault.Human, CodeKey, "%s: public key: %w", k, err)
	}
	key, ok := parsed.(ed25519.PublicKey)
	if !ok {
		return fault.Newf(fault.Human, CodeKey, "%s: its public key is %T, want ed25519", k, parsed)
	}
	k.public, err = publicKey(key)
	return err
}

// PublicKey is the key's address.
func (k *KMS) PublicKey() solana.PublicKey { return k.public }

// String names the key; it holds no secret.
func (k *KMS) String() string { return "kms " + k.o.KeyID }

// Sign asks KMS for a plain ed25519 signature over the message itself, and verifies it. Errors: as OpenKMS, and Human
// signer/broken. Wrap it in a Policy: KMS signs whatever it is given.
func (k *KMS) Sign(ctx context.Context, message []byte) (solana.Signature, error) {
	ctx, cancel := context.WithTimeout(ctx, k.o.Timeout)
	defer cancel()
	got, err := k.client.Sign(ctx, &kms.SignInput{
		KeyId: &k.o.KeyID, Message: message, MessageType: types.MessageTypeRaw, SigningAlgorithm: types.SigningAlgorithmSpecEd25519Sha512,
	})
	if err != nil {
		return solana.Signature{}, k.classify(err)
	}
	return verified(k.String(), k.public, message, got.Signature)
}

// classify goes by the codes of KMS's API and of AWS's front door.
func (k *KMS) classify(err error) error {
	var refused smithy.APIError
	if !errors.As(err, &refused) {
		if noCredentials(err) {
			return fault.Newf(fault.Human, CodeDenied, "%s: there are no credentials to ask with: %w", k, innermost(err)).
				WithNext("Give the worker a role, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in its environment")
		}
		return unanswered(k.String(), err, k.o.Timeout)
	}
	cause := fmt.Errorf("%s: %s: %s", k, refused.ErrorCode(), refused.ErrorMessage())
	switch refused.ErrorCode() {
	case "ThrottlingException", "LimitExceededException", "RequestLimitExceeded", "TooManyRequestsException":
		return fault.New(fault.Retry, CodeThrottled, cause).WithNext("Raise the account's request quota of KMS")
	case "KMSInternalException", "DependencyTimeoutException", "KeyUnavailableException", "InternalFailure", "ServiceUnavailable":
		return fault.New(fault.Retry, CodeUnreachable, cause).WithNext("Look at AWS's status page; the worker goes on by itself")
	case "AccessDeniedException", "UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException", "IncompleteSignature",
		"MissingAuthenticationToken", "ExpiredTokenException", "OptInRequired":
		return fault.New(fault.Human, CodeDenied, cause).WithNext("The role must be allowed kms:GetPublicKey and kms:Sign on this key: docs/security.md has the policy")
	case "NotFoundException":
		return fault.New(fault.Human, CodeKey, cause).WithNext("Check signer.kms.key_id and signer.kms.region")
	case "DisabledException", "KMSInvalidStateException":
		return fault.New(fault.Human, CodeKey, cause).WithNext("The key is disabled or will be deleted. If somebody did that on purpose, follow docs/runbooks/key-compromised.md")
	}
	if refused.ErrorFault() == smithy.FaultServer {
		return fault.New(fault.Retry, CodeUnreachable, cause)
	}
	return fault.New(fault.Human, CodeKey, cause).WithNext("Check signer.kms")
}

// noCredentials tells a worker without any identity from a service that does not answer. The library has no type for it.
func noCredentials(err error) bool {
	var op *smithy.OperationError
	return errors.As(err, &op) && strings.Contains(err.Error(), "get identity")
}

func innermost(err error) error {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return err
}
