package fake

import "testing"

// Closer is any fake.
type Closer interface{ Close() error }

// ForTest gives a fake that was started and closes it when the test ends.
func ForTest[T Closer](t testing.TB, server T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatalf("start a fake: %v", err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Errorf("close a fake: %v", err)
		}
	})
	return server
}
