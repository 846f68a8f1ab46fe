package store

import (
	"encoding/json"

	"github.com/klauspost/compress/zstd"
)

// packWindow is about the size of one block of samples; a larger one would only cost memory.
const packWindow = 128 << 10

// maxUnpacked bounds what a row may become: a damaged one must not fill the memory.
const maxUnpacked = 16 << 20

// packer writes documents small: samples of neighbours differ in few figures.
type packer struct{ enc *zstd.Encoder }

func newPacker() (packer, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(packWindow))
	return packer{enc}, err
}

func (p packer) pack(v any) (blob, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return p.enc.EncodeAll(b, nil), nil
}

type unpacker struct{ dec *zstd.Decoder }

func newUnpacker() (*unpacker, error) {
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxUnpacked))
	return &unpacker{dec}, err
}

func (u *unpacker) unpack(b blob, into any) error {
	plain, err := u.dec.DecodeAll(b, nil)
	if err != nil {
		return err
	}
	return json.Unmarshal(plain, into)
}

func (u *unpacker) close() { u.dec.Close() }
