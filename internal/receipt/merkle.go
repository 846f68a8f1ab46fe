package receipt

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"math/bits"
)

// The tree is that of RFC 6962: a leaf is hashed after a zero byte, a node after a one, so that neither can be shown as
// the other. n leaves are split at the largest power of two below n.

// errProof means that a leaf does not belong to a root.
var errProof = errors.New("the proof does not lead to the signed root")

type hash [sha256.Size]byte

func leafHash(leaf []byte) hash { return sha256.Sum256(append([]byte{0}, leaf...)) }

func nodeHash(left, right hash) hash {
	return sha256.Sum256(bytes.Join([][]byte{{1}, left[:], right[:]}, nil))
}

// split is the number of leaves of the left half of n > 1.
func split(n int) int { return 1 << (bits.Len(uint(n-1)) - 1) }

// rootOf is the root over leaf hashes; of none it is the hash of nothing.
func rootOf(leaves []hash) hash {
	switch len(leaves) {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return leaves[0]
	}
	k := split(len(leaves))
	return nodeHash(rootOf(leaves[:k]), rootOf(leaves[k:]))
}

// proofOf lists the neighbours on the way from leaf i to the root, lowest first.
func proofOf(leaves []hash, i int) []hash {
	if len(leaves) <= 1 {
		return nil
	}
	k := split(len(leaves))
	if i < k {
		return append(proofOf(leaves[:k], i), rootOf(leaves[k:]))
	}
	return append(proofOf(leaves[k:], i-k), rootOf(leaves[:k]))
}

// proved says whether a leaf stands at place i of n under the root.
func proved(leaf hash, i, n int, proof []hash, root hash) error {
	got, rest, err := climb(leaf, i, n, proof)
	if err != nil {
		return err
	}
	if len(rest) != 0 || got != root {
		return errProof
	}
	return nil
}

// climb gives the root of the subtree of n leaves in which the leaf stands at i, and what of the proof is left.
func climb(leaf hash, i, n int, proof []hash) (hash, []hash, error) {
	switch {
	case i < 0 || i >= n:
		return hash{}, nil, errProof
	case n == 1:
		return leaf, proof, nil
	}
	k := split(n)
	inner, size := i, k
	if i >= k {
		inner, size = i-k, n-k
	}
	got, rest, err := climb(leaf, inner, size, proof)
	if err != nil || len(rest) == 0 {
		return hash{}, nil, errProof
	}
	if i < k {
		return nodeHash(got, rest[0]), rest[1:], nil
	}
	return nodeHash(rest[0], got), rest[1:], nil
}
