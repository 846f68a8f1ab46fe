package devstack

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
)

// roleEnv makes the test binary play another program, so that the tests need no shell and no compiler.
const roleEnv = "FEEOPS_TEST_ROLE"

func TestMain(m *testing.M) {
	if role := roleOf(); role != "" {
		os.Exit(play(role))
	}
	os.Exit(Main(m))
}

func play(role string) int {
	switch role {
	case "go":
		return playGo()
	case "crash":
		fmt.Println("panic: no such table")
		return 1
	case "settings":
		fmt.Println("feeops.yaml:3: network: got \"x\"")
		return 2
	case "worker":
		return playWorker()
	case "deaf":
		signal.Ignore(syscall.SIGTERM)
		fmt.Println("deaf")
		select {}
	case "parent":
		return playParent()
	case "stackworker":
		return playStackWorker()
	}
	return 99
}

// playGo is a go command that counts its runs and writes what -o names.
func playGo() int {
	counter, err := os.OpenFile(os.Getenv("FEEOPS_TEST_COUNTER"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return 1
	}
	fmt.Fprintln(counter, "built")
	if os.Getenv("FEEOPS_TEST_FAIL") != "" {
		fmt.Println("no space left on device")
		return 1
	}
	for i, a := range os.Args {
		if a == "-o" && os.WriteFile(os.Args[i+1], []byte("binary"), 0o700) != nil {
			return 1
		}
	}
	return 0
}

// playWorker says that it runs and ends cleanly when asked.
func playWorker() int {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM)
	fmt.Println("up", os.Getpid())
	<-asked
	fmt.Println("drained", os.Getpid())
	return 0
}

// playParent starts a worker as devstack does, prints its id and waits to be killed.
func playParent() int {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleEnv+"=worker")
	c, err := startChild(cmd)
	if err != nil {
		return 1
	}
	fmt.Println(c.pid())
	select {}
}
