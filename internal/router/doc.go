// Package router speaks the Fee Router program's language: addresses, instructions, accounts, events, error codes and
// the payout arithmetic, in pure functions without any I/O.
//
// Every layout is held against the program's interface and against vectors made with the official JavaScript libraries
// (see testdata). Amounts are integers in base units of the vault's quote mint; an overflow is an error, never a wrap.
package router
