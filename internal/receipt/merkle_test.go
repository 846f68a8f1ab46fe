package receipt

import (
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func leaves(n int) []hash {
	out := make([]hash, n)
	for i := range out {
		out[i] = leafHash([]byte(fmt.Sprint("leaf ", i)))
	}
	return out
}

// TestRoot_IsThatOfRFC6962 takes the roots of the eight inputs that implementations of certificate transparency share.
func TestRoot_IsThatOfRFC6962(t *testing.T) {
	var hashes []hash
	for _, text := range []string{"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"} {
		b, err := hex.DecodeString(text)
		require.NoError(t, err)
		hashes = append(hashes, leafHash(b))
	}
	for n, want := range map[int]string{
		0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
		8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
	} {
		got := rootOf(hashes[:n])
		require.Equal(t, want, hex.EncodeToString(got[:]), "%d leaves", n)
	}
}

func TestProof_FitsItsLeafItsPlaceAndItsTreeOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 70).Draw(t, "n")
		i := rapid.IntRange(0, n-1).Draw(t, "i")
		all := leaves(n)
		root, proof := rootOf(all), proofOf(all, i)
		require.NoError(t, proved(all[i], i, n, proof, root))
		require.Error(t, proved(leafHash([]byte("another")), i, n, proof, root))
		if j := rapid.IntRange(-1, n).Draw(t, "j"); j != i {
			require.Error(t, proved(all[i], j, n, proof, root))
		}
		require.Error(t, proved(all[i], i, n, append(proof, hash{}), root))
		if len(proof) > 0 {
			require.Error(t, proved(all[i], i, n, proof[1:], root))
			bent := append([]hash{}, proof...)
			bent[rapid.IntRange(0, len(bent)-1).Draw(t, "at")][0] ^= 1
			require.Error(t, proved(all[i], i, n, bent, root))
		}
		changed := append([]hash{}, all...)
		changed[rapid.IntRange(0, n-1).Draw(t, "changed")][3] ^= 1
		require.NotEqual(t, root, rootOf(changed))
		require.NotEqual(t, root, rootOf(append(all, hash{})))
	})
}
