// Package incident judges failures and runs what follows from them: which cause it is and how grave (one table, by code
// alone), which incident it belongs to, whom to page and when, what is kept as evidence, and what the post-mortem says.
//
// It is plain Go: rules are pure functions of what they are given, and time comes in as an argument. The durable side is
// the Incident workflow, which asks these rules through activities.
package incident
