package router

import (
	"encoding/binary"
	"fmt"

	"github.com/gagliardetto/solana-go"
)

// reader walks borsh bytes. It keeps the first error and returns zeros after it, so a decoder can read all its fields
// and ask once.
type reader struct {
	data []byte
	err  error
}

func (r *reader) take(n int) []byte {
	if r.err != nil {
		return nil
	}
	if len(r.data) < n {
		r.err = fmt.Errorf("%w: %d bytes wanted, %d left", ErrLength, n, len(r.data))
		return nil
	}
	out := r.data[:n]
	r.data = r.data[n:]
	return out
}

func (r *reader) u8() uint8 {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) u16() uint16 {
	if b := r.take(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (r *reader) u32() uint32 {
	if b := r.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (r *reader) u64() uint64 {
	if b := r.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (r *reader) i64() int64 { return int64(r.u64()) }

func (r *reader) key() (k solana.PublicKey) {
	copy(k[:], r.take(solana.PublicKeyLength))
	return k
}

// flag accepts 0 and 1 only: any other byte means that the bytes are not what the caller believes.
func (r *reader) flag() bool {
	b := r.u8()
	if r.err == nil && b > 1 {
		r.err = fmt.Errorf("%w: byte %d", ErrFlag, b)
	}
	return b == 1
}

func (r *reader) optionU64() *uint64 {
	if !r.flag() || r.err != nil {
		return nil
	}
	v := r.u64()
	return &v
}

func (r *reader) optionU32() *uint32 {
	if !r.flag() || r.err != nil {
		return nil
	}
	v := r.u32()
	return &v
}

// end demands that nothing is left.
func (r *reader) end() error {
	if r.err == nil && len(r.data) != 0 {
		r.err = fmt.Errorf("%w: %d bytes too many", ErrLength, len(r.data))
	}
	return r.err
}

func appendU64(b []byte, v uint64) []byte { return binary.LittleEndian.AppendUint64(b, v) }
func appendU32(b []byte, v uint32) []byte { return binary.LittleEndian.AppendUint32(b, v) }
func appendU16(b []byte, v uint16) []byte { return binary.LittleEndian.AppendUint16(b, v) }
func appendI64(b []byte, v int64) []byte  { return appendU64(b, uint64(v)) }

func appendFlag(b []byte, v bool) []byte {
	if v {
		return append(b, 1)
	}
	return append(b, 0)
}

func appendOptionU64(b []byte, v *uint64) []byte {
	if v == nil {
		return append(b, 0)
	}
	return appendU64(append(b, 1), *v)
}

func appendOptionU32(b []byte, v *uint32) []byte {
	if v == nil {
		return append(b, 0)
	}
	return appendU32(append(b, 1), *v)
}
