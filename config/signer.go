package config

import (
	"fmt"
	"net/url"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// Sources of the fee payer's key.
const (
	SourceFile  = "file"
	SourceVault = "vault"
	SourceKMS   = "kms"
)

// Signer says where the fee payer's key is and what it may cost (U-S1, U-S3).
type Signer struct {
	Source      string        `json:"source" validate:"oneof=file vault kms" jsonschema_description:"Where the key is: a file, HashiCorp Vault's transit engine, or AWS KMS."`
	KeypairPath string        `json:"keypair_path,omitempty" kind:"path" jsonschema_description:"Solana keypair file (64 numbers in JSON). Default: KEYPAIR_PATH. Commands that only read need none."`
	PublicKey   string        `json:"public_key,omitempty" validate:"omitempty,pubkey" jsonschema_description:"Address of the fee payer. The worker refuses another key; with vault and kms it must be set, and feeops signer check tells it."`
	Timeout     time.Duration `json:"timeout" validate:"min=100ms,max=1m" jsonschema_description:"Longest wait for one answer of vault or kms."`
	Vault       SignerVault   `json:"vault" jsonschema_description:"HashiCorp Vault, for source vault."`
	KMS         SignerKMS     `json:"kms" jsonschema_description:"AWS KMS, for source kms. Credentials come from the worker's role or AWS_* variables."`
	Policy      SignerPolicy  `json:"policy" jsonschema_description:"What a fee payer's signatures may cost, counted at their most. Fees of one transaction are bounded by distribution.*."`
}

// SignerVault names a key of the transit engine.
type SignerVault struct {
	Address    URL    `json:"address,omitempty" validate:"omitempty,http_url" jsonschema_description:"Address of Vault; https, unless it is on this machine."`
	Namespace  string `json:"namespace,omitempty" jsonschema_description:"Namespace of Vault Enterprise."`
	Mount      string `json:"mount" validate:"required" jsonschema_description:"Path of the transit engine."`
	Key        string `json:"key,omitempty" jsonschema_description:"Name of the ed25519 key."`
	KeyVersion uint32 `json:"key_version,omitempty" jsonschema_description:"Version of the key that signs. Left out: the latest when the worker starts."`
	Token      Secret `json:"token" jsonschema_description:"Token that may read keys/KEY and update sign/KEY."`
	TokenFile  string `json:"token_file,omitempty" kind:"path" jsonschema_description:"File with the token, read again when Vault refuses it: where an agent renews it."`
	CAFile     string `json:"ca_file,omitempty" kind:"path" jsonschema_description:"PEM certificates that Vault's may be signed by. Left out: the machine's."`
}

// SignerKMS names a key of AWS KMS.
type SignerKMS struct {
	Region   string `json:"region,omitempty" jsonschema_description:"AWS region."`
	Endpoint URL    `json:"endpoint,omitempty" validate:"omitempty,http_url" jsonschema_description:"Another endpoint, such as a VPC's. Left out: the region's."`
	KeyID    string `json:"key_id,omitempty" jsonschema_description:"Key id, ARN or alias of a key of spec ECC_NIST_EDWARDS25519."`
}

// SignerPolicy caps the lamports that signatures of one key can cost. The caps count every signature that was given,
// whether or not its transaction landed.
type SignerPolicy struct {
	MaxRentPerTransaction domain.Amount `json:"max_rent_lamports_per_transaction" validate:"max=1000000000" jsonschema_description:"Highest rent in lamports of the accounts that one transaction makes: eight token accounts take 16,314,240."`
	MaxRentPerDay         domain.Amount `json:"max_rent_lamports_per_day" validate:"max=1000000000000" jsonschema_description:"Highest rent in lamports of one key in 24 hours; 0 is no cap. A token account takes 2,039,280, an investor's entries in a lookup table 445,440."`
	MaxSpendPerDay        domain.Amount `json:"max_spend_lamports_per_day" validate:"max=1000000000000" jsonschema_description:"Highest fees and rent in lamports of one key in 24 hours; 0 is no cap."`
}

// signerRules are what must hold between settings of the fee payers.
func (s Settings) signerRules() Errors {
	var out Errors
	missing := func(key, want, next string) {
		out = append(out, Error{Key: key, Got: "nothing", Want: want, Next: next})
	}
	v, k := s.Signer.Vault, s.Signer.KMS
	switch s.Signer.Source {
	case SourceVault:
		if v.Address.IsZero() {
			missing("signer.vault.address", "the address of Vault for source vault", "")
		}
		if v.Token.IsZero() == (v.TokenFile == "") {
			out = append(out, Error{Key: "signer.vault.token", Got: oneOrBoth(v.Token.IsZero()), Want: "either token or token_file"})
		}
	case SourceKMS:
		if k.Region == "" {
			missing("signer.kms.region", "a region for source kms", "")
		}
	}
	for _, at := range []struct {
		key     string
		address URL
	}{{"signer.vault.address", v.Address}, {"signer.kms.endpoint", k.Endpoint}} {
		if u, err := url.Parse(at.address.Reveal()); err == nil && u.Scheme == "http" && !loopback(hostPort(u)) {
			out = append(out, Error{Key: at.key, Got: quote(at.address.String()), Want: "https for a server elsewhere", Next: "Tokens and messages would cross the network in plain."})
		}
	}
	return append(out, s.payerRules()...)
}

func oneOrBoth(none bool) string {
	if none {
		return "neither"
	}
	return "both"
}

// hostPort is an address's host with a port, which loopback wants.
func hostPort(u *url.URL) string {
	if u.Port() != "" {
		return u.Host
	}
	return u.Host + ":80"
}

// payerRules see that every vault has a key of its source.
func (s Settings) payerRules() Errors {
	var out Errors
	remote := s.Signer.Source == SourceVault || s.Signer.Source == SourceKMS
	for i, v := range s.Vaults {
		key := fmt.Sprintf("vaults[%d]", i)
		switch {
		case v.SignerPublicKey != "" && v.SignerKey == "" && v.KeypairPath == "":
			out = append(out, Error{Key: key + ".signer_public_key", Got: "an address", Want: "a key of this vault's own beside it", Next: "Set keypair_path or signer_key of the vault, or signer.public_key for the common key."})
		case s.Signer.Source == SourceFile && v.SignerKey != "":
			out = append(out, Error{Key: key + ".signer_key", Got: "a key of a key service", Want: "keypair_path for source file", Next: "Set signer.source to vault or kms, or remove it."})
		case remote && v.KeypairPath != "":
			out = append(out, Error{Key: key + ".keypair_path", Got: "a key file", Want: "signer_key for source " + s.Signer.Source, Next: "Remove it: a key on the disk is what a key service spares you."})
		case remote && v.Enabled && s.Payer(v).Key == "":
			out = append(out, Error{Key: key + ".signer_key", Got: "nothing", Want: "a key for source " + s.Signer.Source, Next: "Set signer.vault.key or signer.kms.key_id for all vaults, or signer_key of this one."})
		}
	}
	return out
}

// Payer is a vault's fee payer as the settings name it.
type Payer struct {
	Source    string
	Key       string // Path of a file, name of a transit key, or id of a KMS key.
	PublicKey string // Empty: not known from the settings.
}

// Payer finds a vault's fee payer. Vaults with equal payers share a key.
func (s Settings) Payer(v Vault) Payer {
	p := Payer{Source: s.Signer.Source}
	switch s.Signer.Source {
	case SourceVault:
		p.Key = s.Signer.Vault.Key
	case SourceKMS:
		p.Key = s.Signer.KMS.KeyID
	default:
		p.Key, p.PublicKey = s.Signer.KeypairPath, s.Signer.PublicKey
		if v.KeypairPath != "" {
			p.Key, p.PublicKey = v.KeypairPath, v.SignerPublicKey
		}
		return p
	}
	p.PublicKey = s.Signer.PublicKey
	if v.SignerKey != "" {
		p.Key, p.PublicKey = v.SignerKey, v.SignerPublicKey
	}
	return p
}
