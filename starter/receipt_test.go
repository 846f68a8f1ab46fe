package main

import (
	"encoding/json"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/meteora-fee-router/feeops/internal/devstack"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/receipt"
)

// readReceipt reads a receipt that a script wrote.
func readReceipt(ts *testscript.TestScript, name string) receipt.Receipt {
	r, err := receipt.Read(strings.NewReader(ts.ReadFile(name)))
	ts.Check(err)
	return r
}

// publicKey puts the key that signed a receipt into a variable.
func publicKey(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: publickey VARIABLE FILE")
	}
	ts.Setenv(args[0], readReceipt(ts, args[1]).Statement.Key)
}

// investor puts the wallet of somebody who was paid into a variable.
func investor(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: investor VARIABLE FILE")
	}
	for _, l := range readReceipt(ts, args[1]).Lines {
		if l.Reason == domain.ReasonPaid {
			ts.Setenv(args[0], l.Recipient)
			return
		}
	}
	ts.Fatalf("nobody was paid")
}

// rpcURL puts the running stack's RPC address into a variable.
func rpcURL(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: rpc VARIABLE")
	}
	running, found, err := devstack.Current(ts.Getenv("FEEOPS_HOME"))
	ts.Check(err)
	if !found {
		ts.Fatalf("no stack is running")
	}
	ts.Setenv(args[0], running.RPC)
}

// tamper writes a receipt on which the first investor was paid one base unit more.
func tamper(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: tamper FROM TO")
	}
	r := readReceipt(ts, args[0])
	r.Lines[0].Paid++
	b, err := json.Marshal(r)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b, 0o600))
}
