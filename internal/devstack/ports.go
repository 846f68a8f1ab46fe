package devstack

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"strconv"
)

// freePorts finds distinct loopback ports that nobody listens on now. Another program may still take one before its
// user does; whoever uses them tries again then.
func freePorts(n int) ([]int, error) {
	ports := make([]int, 0, n)
	for range n {
		// All listeners stay open until the last is found, so that no port comes twice.
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("find a free loopback port: %w", err)
		}
		defer func() { _ = l.Close() }() // Nothing was ever accepted on it.
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// taken says whether a server's log complains about an occupied port. The CLI has no exit code of its own for it.
func taken(logFile string) bool {
	b, err := os.ReadFile(logFile)
	return err == nil && bytes.Contains(b, []byte("address already in use"))
}

// logTail is the end of a log for an error message.
func logTail(file string) string {
	b, err := os.ReadFile(file)
	if err != nil || len(b) == 0 {
		return "its log " + file + " is empty"
	}
	return "its log ends with: " + tail(string(b), 1200)
}
