package localnet

import (
	"context"
	"testing"
	"time"
)

// TestGenesis is the chain clock at slot 0 of nodes made by NewForTest.
func TestGenesis() time.Time { return time.Unix(1_767_225_600, 0) } // 2026-01-01T00:00:00Z

// NewForTest runs a node with manual slots and a fixed genesis until the test ends. Options are changed by functions.
func NewForTest(t testing.TB, change ...func(*Options)) *Node {
	t.Helper()
	o := Options{Manual: true, GenesisTime: TestGenesis(), Seed: 1}
	for _, f := range change {
		f(&o)
	}
	n, err := Start(context.Background(), o)
	if err != nil {
		t.Fatalf("start local chain: %v", err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Errorf("close local chain: %v", err)
		}
	})
	return n
}
