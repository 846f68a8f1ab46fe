package e2e

import (
	"flag"
	"os"
	"testing"

	"github.com/meteora-fee-router/feeops/internal/devstack"
)

// workerLog shows what the workers say; most tests break things on purpose, so they are quiet unless asked.
var workerLog = flag.String("worker-log", "", "level of the workers' logs on standard error; empty: none")

// TestMain lets more tests run side by side than there are processors, unless the caller says how many: they wait for
// slots and finality, and hardly compute.
func TestMain(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		if err := flag.Set("test.parallel", "8"); err != nil {
			panic(err)
		}
	}
	for name, value := range plantedAWS() { // Here, because tests that run side by side cannot set variables.
		if err := os.Setenv(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(devstack.Main(m))
}
