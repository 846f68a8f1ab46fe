// Package e2e holds the tests that run whole days: the worker as it is shipped, a real Temporal server and the local
// chain, judged by the chain's balances alone. Tests are named after the rows of the requirements they prove.
//
// Histories for the replay tests of package workflows are recorded from the same runs:
//
//	go test ./internal/e2e -run TestRecord -record
package e2e
