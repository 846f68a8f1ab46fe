package scenario

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gagliardetto/solana-go"
)

// WriteVaults writes the vaults file and, beside it in a directory of its own, the fee payers' keypairs in the Solana
// CLI's format. Both appear whole or not at all, and only the owner may read them. The rows' KeypairPath is absolute.
func WriteVaults(path string, vaults []Vault) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("write vaults file: %w", err)
	}
	keys := path + ".keys"
	if err := os.MkdirAll(keys, 0o700); err != nil {
		return fmt.Errorf("write vaults file: create directory for keypairs: %w", err)
	}
	rows := append([]Vault{}, vaults...)
	for i := range rows {
		if rows[i].Streams == nil {
			rows[i].Streams = []solana.PublicKey{}
		}
		rows[i].KeypairPath = filepath.Join(keys, rows[i].ID+".json")
		if err := writeWhole(rows[i].KeypairPath, keypairJSON(rows[i].Payer)); err != nil {
			return fmt.Errorf("write keypair of vault %s: %w", rows[i].ID, err)
		}
	}
	body, err := json.MarshalIndent(rows, "", "  ")
	if err != nil {
		return fmt.Errorf("encode vaults file: %w", err)
	}
	if err := writeWhole(path, append(body, '\n')); err != nil {
		return fmt.Errorf("write vaults file: %w", err)
	}
	return nil
}

// keypairJSON is the Solana CLI's format: an array of 64 numbers.
func keypairJSON(key solana.PrivateKey) []byte {
	out := []byte{'['}
	for i, b := range key {
		if i > 0 {
			out = append(out, ',')
		}
		out = fmt.Append(out, b)
	}
	return append(out, ']', '\n')
}

// writeWhole replaces a file so that a reader sees the old or the new content, never a part.
func writeWhole(path string, body []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // Mode 0600 from the start.
	if err != nil {
		return err
	}
	_, err = file.Write(body)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}
