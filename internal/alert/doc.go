// Package alert judges samples of the fleet. It is plain: the catalogue says when something is wrong, the engine turns
// that into episodes and messages, and neither does any I/O or reads a clock. The same samples give the same messages.
//
// Three rules keep it honest. Missing data neither opens an episode nor ends one. The hour between two messages of an
// episode counts from the delivery of the first, so that a message that was never delivered mutes nothing (M14). What
// is not told, because it is muted, covered by a graver alert or told in a group, is recorded all the same (M15).
package alert
