package programs

import (
	"strconv"
	"unicode/utf8"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank/vm"
)

// memo logs its data; every account passed must have signed.
func memo(c *vm.Call) error {
	if err := c.Consume(5_000 + 100*uint64(len(c.Data))); err != nil {
		return err
	}
	missing := false
	for _, meta := range c.Accounts {
		if meta.Signer {
			c.Log("Signed by %s", meta.Key)
		} else {
			missing = true
		}
	}
	if missing {
		return vm.ErrMissingSignature
	}
	if !utf8.Valid(c.Data) {
		c.Log("Invalid UTF-8, from byte %d", len(c.Data)-len(validTail(c.Data)))
		return vm.ErrInvalidInstructionData
	}
	c.Log("Memo (len %d): %s", len(c.Data), strconv.Quote(string(c.Data)))
	return nil
}

// validTail is what follows the valid beginning.
func validTail(data []byte) []byte {
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		if r == utf8.RuneError && size == 1 {
			break
		}
		data = data[size:]
	}
	return data
}
