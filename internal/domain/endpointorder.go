package domain

import "time"

// EndpointOrder is the order in which RPC endpoints of about one speed are asked (W14).
type EndpointOrder struct {
	Seq   int64     `json:"seq"` // From 1; given by the store.
	At    time.Time `json:"at"`
	Actor string    `json:"actor"`
	Cause string    `json:"cause"` // The figures that it follows from, or who wanted it back.
	Names []string  `json:"names"` // Best first. An endpoint that is not named comes after those that are.
}
