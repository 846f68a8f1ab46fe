package config

import (
	"encoding/base64"
	"fmt"
	"time"
)

// Audit signs what proves to others that nothing was changed (U-S8).
type Audit struct {
	KeyPath      string        `json:"key_path,omitempty" kind:"path" jsonschema_description:"ed25519 key that signs; made by feeops audit keygen. It signs heads of the audit log, receipts and backups. Left out: the first two are not made, and backups are not signed."`
	HeadInterval time.Duration `json:"head_interval" validate:"min=1m,max=168h" jsonschema_description:"Time between two signed heads of the audit log that the worker posts."`
	HeadsFile    string        `json:"heads_file,omitempty" kind:"path" jsonschema_description:"File to which the worker appends signed heads, best on another machine's disk. They are logged in any case."`
	ChannelEvery time.Duration `json:"channel_every" validate:"min=1h,max=168h" jsonschema_description:"Time between two signed heads that the notification channels get, as a message of information. People can hold them against the log when nothing on the worker's host can be trusted."`
	RotateAfter  time.Duration `json:"rotate_after" validate:"min=24h,max=87600h" jsonschema_description:"Age from which doctor and the monthly report ask for a new key: fee payers, the audit key, the encryption key."`
	ReviewEvery  time.Duration `json:"review_every" validate:"min=24h,max=8760h" jsonschema_description:"Age of an audit entry from which doctor and the monthly report ask for a review: feeops audit review."`
}

// Encryption are the keys for what Temporal stores (U-S7).
type Encryption struct {
	Keys       []EncryptionKey `json:"keys,omitempty" validate:"dive" jsonschema_description:"AES-256 keys. The first encrypts, all decrypt: a new key goes first, an old one stays as long as runs that used it are kept. None: nothing is encrypted."`
	CodecToken Secret          `json:"codec_token" jsonschema_description:"Token that feeops codec serve asks for. Left out: a new one at each start."`
}

// EncryptionKey is one key with its name.
type EncryptionKey struct {
	ID  string `json:"id" validate:"required,id" jsonschema_description:"Name of the key in Temporal's payloads."`
	Key Secret `json:"key" validate:"required,aes_key" jsonschema_description:"32 random bytes in base64, such as from: openssl rand -base64 32."`
}

// Bytes are the key itself.
func (k EncryptionKey) Bytes() ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(k.Key.Reveal())
	if err != nil || len(b) != 32 {
		return nil, fmt.Errorf("encryption key %s is not 32 bytes in base64", k.ID)
	}
	return b, nil
}

// encryptionRules keep two keys from having one name.
func (s Settings) encryptionRules() Errors {
	var out Errors
	ids := map[string]int{}
	for i, key := range s.Temporal.Encryption.Keys {
		if first, ok := ids[key.ID]; ok && key.ID != "" {
			out = append(out, Error{Key: fmt.Sprintf("temporal.encryption.keys[%d].id", i), Got: quote(key.ID) + " again", Want: "an id of its own", Next: fmt.Sprintf("keys[%d] has it.", first)})
			continue
		}
		ids[key.ID] = i
	}
	return out
}
