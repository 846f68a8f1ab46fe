// Package e2e holds the tests that run whole days: the worker as it is shipped, a real Temporal server and the local
// chain, judged by the chain's balances alone. Tests are named after the rows of the requirements they prove.
//
// Rows that are proved elsewhere: X01 by the validation tests of package config, X13, X15 and X16 by those of packages
// workflows and fault, X18 by X07 here, X22 by package workflows and C06 here. X04 and X20 are about alerts and come
// with them.
//
// Histories for the replay tests of package workflows are recorded from the same runs:
//
//	go test ./internal/e2e -run TestRecord -record
//
// Speed and cost of a day of 1,000 investors, with slots as long as on a real network:
//
//	go test ./internal/e2e -run '^$' -bench Day1000 -benchtime 1x
package e2e
