package bank

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/gagliardetto/solana-go"
)

// packetSize is the largest transaction a node takes, in bytes.
const packetSize = 1232

// message is a decoded message of either version.
type message struct {
	raw                                       []byte
	version                                   int // -1 legacy, 0 v0
	signatures, readonlySigned, readonlyPlain int
	keys                                      []solana.PublicKey
	blockhash                                 solana.Hash
	instructions                              []compiled
	lookups                                   []lookup
}

type compiled struct {
	program  uint8
	accounts []uint8
	data     []byte
}

type lookup struct {
	table              solana.PublicKey
	writable, readonly []uint8
}

// transaction is a decoded transaction.
type transaction struct {
	raw        []byte
	signatures []solana.Signature
	message    message
	hash       solana.Hash // of the message: two signatures over one message are one transaction
}

var errShort = errors.New("the bytes end too early")

// cursor reads the compact wire format.
type cursor struct {
	b   []byte
	err error
}

func (c *cursor) take(n int) []byte {
	if c.err != nil || n > len(c.b) {
		c.err = errShort
		return nil
	}
	out := c.b[:n:n]
	c.b = c.b[n:]
	return out
}

func (c *cursor) byte() uint8 {
	if b := c.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (c *cursor) key() (k [32]byte) {
	copy(k[:], c.take(32))
	return k
}

// length reads a compact-u16, in its shortest form only.
func (c *cursor) length() int {
	value := 0
	for i := range 3 {
		b := c.byte()
		value |= int(b&0x7f) << (7 * i)
		if b&0x80 == 0 {
			if (i > 0 && b == 0) || value > 0xffff {
				c.err = errors.New("a length is not in its shortest form")
			}
			return value
		}
	}
	c.err = errors.New("a length has more than three bytes")
	return 0
}

func (c *cursor) bytes() []byte { return c.take(c.length()) }

// decode reads a whole transaction; trailing bytes are an error, as on a validator.
func decode(raw []byte) (*transaction, error) {
	c := &cursor{b: append([]byte(nil), raw...)}
	t := &transaction{raw: c.b}
	for range c.length() {
		s := c.take(64)
		if s == nil {
			break
		}
		t.signatures = append(t.signatures, solana.Signature(s))
	}
	if c.err != nil {
		return nil, fmt.Errorf("read signatures: %w", c.err)
	}
	m, err := decodeMessage(c.b)
	if err != nil {
		return nil, err
	}
	t.message, t.hash = m, sha256.Sum256(m.raw)
	return t, nil
}

func decodeMessage(raw []byte) (message, error) {
	m := message{raw: raw, version: -1}
	c := &cursor{b: raw}
	first := c.byte()
	if first&0x80 != 0 {
		if m.version = int(first & 0x7f); m.version != 0 {
			return m, fmt.Errorf("read message: version %d is unknown", m.version)
		}
		first = c.byte()
	}
	m.signatures, m.readonlySigned, m.readonlyPlain = int(first), int(c.byte()), int(c.byte())
	for range c.length() {
		if m.keys = append(m.keys, c.key()); c.err != nil {
			break
		}
	}
	m.blockhash = c.key()
	for range c.length() {
		ix := compiled{program: c.byte(), accounts: c.bytes(), data: c.bytes()}
		if m.instructions = append(m.instructions, ix); c.err != nil {
			break
		}
	}
	if m.version == 0 {
		for range c.length() {
			l := lookup{table: c.key(), writable: c.bytes(), readonly: c.bytes()}
			if m.lookups = append(m.lookups, l); c.err != nil {
				break
			}
		}
	}
	if c.err == nil && len(c.b) > 0 {
		c.err = fmt.Errorf("%d bytes follow the end", len(c.b))
	}
	if c.err != nil {
		return m, fmt.Errorf("read message: %w", c.err)
	}
	return m, nil
}

// sane holds the validator's sanitize rules: counts, indexes and lookups fit each other.
func (m *message) sane(signatures int) bool {
	total := len(m.keys)
	for _, l := range m.lookups {
		if len(l.writable)+len(l.readonly) == 0 {
			return false
		}
		total += len(l.writable) + len(l.readonly)
	}
	ok := m.signatures > 0 && m.readonlySigned < m.signatures && m.signatures+m.readonlyPlain <= len(m.keys) &&
		signatures == m.signatures && total <= 256
	for _, ix := range m.instructions {
		ok = ok && ix.program > 0 && int(ix.program) < len(m.keys)
		for _, account := range ix.accounts {
			ok = ok && int(account) < total
		}
	}
	return ok
}

// verified checks every signature. It is the dearest step of all, so no lock is held meanwhile.
func (t *transaction) verified() bool {
	for i, signature := range t.signatures {
		if !ed25519.Verify(t.message.keys[i][:], t.message.raw, signature[:]) {
			return false
		}
	}
	return true
}

// u32 and u64 read the head of instruction data; false when it is too short.
func u32(data []byte) (uint32, bool) {
	if len(data) < 4 {
		return 0, false
	}
	return binary.LittleEndian.Uint32(data), true
}

func u64(data []byte) (uint64, bool) {
	if len(data) < 8 {
		return 0, false
	}
	return binary.LittleEndian.Uint64(data), true
}
