// Package drill measures the emergency stop on a live stack of its own: a local chain with many vaults whose days are
// being paid, a real Temporal server, several worker processes, one store, and a wire on which every transaction is seen.
//
// A sample begins when the stop is signalled. It ends with the later of two moments: when the flag can be read by every
// gate, and when the last transaction crossed the wire, which may be one that had passed its gate just before.
package drill
