// Package bench measures the operations on the local chain with a real Temporal development server and a worker process:
// how fast days are paid, what that costs in requests, memory and bytes, and how the document's own script (package peer)
// does on the same chain. Every figure was measured in the run that prints it; what was not is null and says why.
package bench
