// Package codec encrypts what Temporal stores: inputs, results, signals, queries' answers, summaries and failures.
// Search attributes, ids, names of workflows and activities, and times stay readable; no secret may stand in them.
package codec

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
)

// What an encrypted payload says of itself, as Temporal's own examples do.
const (
	encoding   = "binary/encrypted"
	keyIDField = "encryption-key-id"
)

// ErrKey means that a payload was encrypted with a key that is not here, or was changed.
var ErrKey = errors.New("a payload of Temporal cannot be decrypted")

// Key is an AES-256 key with its name.
type Key struct {
	ID    string
	Bytes []byte
}

// Codec encrypts with the first of its keys and decrypts with all. Without keys it encrypts nothing, and says clearly
// that something is encrypted when it meets it.
type Codec struct {
	first string
	aeads map[string]cipher.AEAD
}

var _ converter.PayloadCodec = (*Codec)(nil)

// New makes a codec. Keys have 32 bytes and different names.
func New(keys []Key) (*Codec, error) {
	c := &Codec{aeads: map[string]cipher.AEAD{}}
	for i, k := range keys {
		if i == 0 {
			c.first = k.ID
		}
		if _, twice := c.aeads[k.ID]; twice || k.ID == "" || len(k.Bytes) != 32 {
			return nil, fmt.Errorf("encryption key %q: want a name of its own and 32 bytes", k.ID)
		}
		block, err := aes.NewCipher(k.Bytes)
		if err != nil {
			return nil, fmt.Errorf("encryption key %q: %w", k.ID, err)
		}
		if c.aeads[k.ID], err = cipher.NewGCMWithRandomNonce(block); err != nil {
			return nil, fmt.Errorf("encryption key %q: %w", k.ID, err)
		}
	}
	return c, nil
}

// Encode encrypts payloads with the first key. The nonce is random: with 96 bits a key is good for billions of payloads.
func (c *Codec) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	if c.first == "" {
		return payloads, nil
	}
	out := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		plain, err := proto.Marshal(p)
		if err != nil {
			return payloads, fmt.Errorf("encrypt a payload: %w", err)
		}
		out[i] = &commonpb.Payload{
			Metadata: map[string][]byte{converter.MetadataEncoding: []byte(encoding), keyIDField: []byte(c.first)},
			Data:     c.aeads[c.first].Seal(nil, nil, plain, bound(c.first)),
		}
	}
	return out, nil
}

// bound ties a ciphertext to the name of its key.
func bound(id string) []byte { return []byte(encoding + " " + id) }

// Decode decrypts what is encrypted and leaves the rest: runs from before the keys must go on. ErrKey: it cannot.
func (c *Codec) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		if string(p.GetMetadata()[converter.MetadataEncoding]) != encoding {
			out[i] = p
			continue
		}
		plain, err := c.open(p)
		if err != nil {
			return payloads, err
		}
		out[i] = &commonpb.Payload{}
		if err := proto.Unmarshal(plain, out[i]); err != nil {
			return payloads, fmt.Errorf("%w: it holds something else: %w", ErrKey, err)
		}
	}
	return out, nil
}

func (c *Codec) open(p *commonpb.Payload) ([]byte, error) {
	id := string(p.GetMetadata()[keyIDField])
	aead, ok := c.aeads[id]
	if !ok {
		return nil, fmt.Errorf("%w: it was encrypted with key %.64q, and temporal.encryption.keys has %s. Add that key behind the others: a key stays as long as runs that used it are kept", ErrKey, id, c.names())
	}
	plain, err := aead.Open(nil, nil, p.GetData(), bound(id))
	if err != nil {
		return nil, fmt.Errorf("%w: key %q does not fit it: another key has that name here, or the payload was changed. Compare the key with the one of the worker that started the run", ErrKey, id)
	}
	return plain, nil
}

func (c *Codec) names() string {
	if len(c.aeads) == 0 {
		return "none"
	}
	return fmt.Sprintf("%d others, the first of them %q", len(c.aeads), c.first)
}
