package config_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/config"
)

func TestLoad_KeysOfServicesAreComplete(t *testing.T) {
	const vault = "signer:\n  source: vault\n  vault:\n    address: https://vault.example.org\n"
	key := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32)))
	streams := "    streams: [" + keyD + "]"
	entries := "vaults:\n" + vaultYAML("a", keyA, streams)
	const encryption = "temporal:\n  encryption:\n    keys:\n      - {id: k1, key: 'env:K1'}\n      - {id: k1, key: 'env:K1'}\n"
	tests := []struct {
		name, yaml string
		env        []string
		want       string // Empty: accepted.
	}{
		{"vault", vault + "    key: payer\n    token: env:T\n" + entries, []string{"T=hvs"}, ""},
		{"vault with an agent", vault + "    key: payer\n    token_file: /run/token\n", nil, ""},
		{"vault on this machine", strings.Replace(vault, "https://vault.example.org", "http://127.0.0.1:8200", 1) + "    key: payer\n    token: env:T\n", []string{"T=hvs"}, ""},
		{"kms", "signer: {source: kms, kms: {region: eu-central-1, key_id: alias/payer}}\n" + entries, nil, ""},
		{"another source", "signer: {source: hsm}\n", nil, `feeops.yaml:1: signer.source: got "hsm", want one of file, vault, kms.`},
		{"no address", "signer: {source: vault, vault: {token: 'env:T'}}\n", []string{"T=hvs"}, `feeops.yaml:1: signer.vault.address: got nothing, want the address of Vault for source vault.`},
		{"no token", vault, nil, `feeops.yaml:4: signer.vault.token: got neither, want either token or token_file.`},
		{"two tokens", vault + "    token: env:T\n    token_file: /x\n", []string{"T=hvs"}, `feeops.yaml:5: signer.vault.token: got both, want either token or token_file.`},
		{"a token in plain", vault + "    token: hvs.abc\n", nil, `feeops.yaml:5: signer.vault.token: got a secret in plain text, want env:NAME or file:PATH. Put the secret into the environment or into a file of its own, and change it: it has been written down here.`},
		{"a token over the net in plain", strings.Replace(vault, "https", "http", 1) + "    token: env:T\n", []string{"T=hvs"}, `feeops.yaml:4: signer.vault.address: got "http://vault.example.org", want https for a server elsewhere. Tokens and messages would cross the network in plain.`},
		{"no region", "signer: {source: kms}\n", nil, `feeops.yaml:1: signer.kms.region: got nothing, want a region for source kms.`},
		{"no key at all", vault + "    token: env:T\n" + entries, []string{"T=hvs"}, `feeops.yaml:7: vaults[0].signer_key: got nothing, want a key for source vault. Set signer.vault.key or signer.kms.key_id for all vaults, or signer_key of this one.`},
		{"a file beside a service", vault + "    token: env:T\n" + entries + "    keypair_path: x.json\n", []string{"T=hvs"}, `feeops.yaml:13: vaults[0].keypair_path: got a key file, want signer_key for source vault. Remove it: a key on the disk is what a key service spares you.`},
		{"a service's key beside a file", entries + "    signer_key: payer-a\n", nil, `feeops.yaml:8: vaults[0].signer_key: got a key of a key service, want keypair_path for source file. Set signer.source to vault or kms, or remove it.`},
		{"a file whose address is named", "signer: {public_key: " + keyD + "}\n" + entries + "    keypair_path: x.json\n    signer_public_key: " + keyC + "\n", nil, ""},
		{"an address without a key of its own", entries + "    signer_public_key: " + keyC + "\n", nil, `feeops.yaml:8: vaults[0].signer_public_key: got an address, want a key of this vault's own beside it. Set keypair_path or signer_key of the vault, or signer.public_key for the common key.`},
		{"an encryption key twice", encryption, []string{"K1=" + key}, `feeops.yaml:5: temporal.encryption.keys[1].id: got "k1" again, want an id of its own. keys[0] has it.`},
		{"an encryption key that is too short", "temporal: {encryption: {keys: [{id: k1, key: 'env:K1'}]}}\n", []string{"K1=c2hvcnQ="}, `feeops.yaml:1: temporal.encryption.keys[0].key: got a secret that is no such key, want 32 bytes in base64. Make one with: openssl rand -base64 32`},
		{"an encryption key in plain", "temporal: {encryption: {keys: [{id: k1, key: '" + key + "'}]}}\n", nil, `feeops.yaml:1: temporal.encryption.keys[0].key: got a secret in plain text, want env:NAME or file:PATH.`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := load(t, tt.yaml, tt.env...)
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			for want := range strings.SplitSeq(tt.want, "\n") {
				require.ErrorContains(t, err, want)
			}
			require.NotContains(t, err.Error(), key)
		})
	}
}

func TestPayer_IsTheVaultsOwnBeforeTheCommonOne(t *testing.T) {
	s := config.Default()
	own, common := config.Vault{KeypairPath: "own.json", SignerKey: "own", SignerPublicKey: keyB}, config.Vault{}
	s.Signer.KeypairPath, s.Signer.PublicKey, s.Signer.Vault.Key, s.Signer.KMS.KeyID = "common.json", keyA, "common", "alias/common"
	for source, want := range map[string][2]config.Payer{
		config.SourceFile:  {{Source: "file", Key: "own.json", PublicKey: keyB}, {Source: "file", Key: "common.json", PublicKey: keyA}},
		config.SourceVault: {{Source: "vault", Key: "own", PublicKey: keyB}, {Source: "vault", Key: "common", PublicKey: keyA}},
		config.SourceKMS:   {{Source: "kms", Key: "own", PublicKey: keyB}, {Source: "kms", Key: "alias/common", PublicKey: keyA}},
	} {
		s.Signer.Source = source
		require.Equal(t, want, [2]config.Payer{s.Payer(own), s.Payer(common)})
	}
}
