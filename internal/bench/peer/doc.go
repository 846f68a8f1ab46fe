// Package peer is the sequential script of "Operational Procedures" (its AutomatedDistributor with the pre-distribution
// checks and the client that they use) in Go, so that bench can run it beside the operations on the same local chain. It
// keeps the script's order of calls, its page plan, its retries and its mistakes. Nobody is to be paid with it.
//
// Four things are not as written, each in the script's favour, because without them it sends nothing at all:
//   - the health check asks for getHealth by its JSON-RPC name; the method that the script calls does not exist (P11);
//   - the addresses come from the vault and not from a published IDL and constants that name another program;
//   - on a chain that behaves as the documents promise, each stream is followed by its investor's token account, which that
//     program requires and the script's client leaves out;
//   - its clock can be set to the chain's, so that a chain that is moved to the next day finds it there.
package peer
