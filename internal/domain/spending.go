package domain

import "time"

// SpendWindow is how far back a key's spending counts.
const SpendWindow = 24 * time.Hour

// Spending is the most lamports that one signature of a key can cost. It counts whether or not the transaction lands:
// who holds the signature can send it.
type Spending struct {
	Payer   string // The key's address.
	Message string // SHA-256 of the signed message in hex. Signing the same message again costs nothing more.
	At      time.Time
	Fee     uint64
	Rent    uint64 // Of the accounts that the transaction makes.
}

// SpendCaps bound a key's spending within SpendWindow; 0 is no bound.
type SpendCaps struct {
	Rent  uint64
	Total uint64 // Fees and rent.
}
