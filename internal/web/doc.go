// Package web is the worker's own page: the fleet, a vault and its days, alerts, incidents, reports and the end of the
// audit log, made on the server from what is stored. It loads nothing from elsewhere. Everybody who reaches it may read;
// whoever signs in with a token may acknowledge, mute, pause and stop, by POST, and each of these is in the audit log.
//
// What is old never looks fresh: a page says how old its figures are, goes on counting while it stands open, and shows
// states as unknown once they are too old to be true. Every name and text may be hostile: templates escape it.
package web
