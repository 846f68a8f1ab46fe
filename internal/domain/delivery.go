package domain

import "time"

// DeliveryState is how far one message came in one channel.
type DeliveryState string

// States of a delivery.
const (
	DeliverySending    DeliveryState = "sending"    // An attempt has begun, and its end is not known.
	DeliveryWaiting    DeliveryState = "waiting"    // The last attempt failed; it will be tried again.
	DeliveryDelivered  DeliveryState = "delivered"  // The other side has taken it.
	DeliveryFailed     DeliveryState = "failed"     // Only people can mend it: another channel is told instead.
	DeliverySuperseded DeliveryState = "superseded" // A later message of the same key came first: this one would be out of date.
)

// Delivery is the record of one message in one channel (N05). Key, Seq and Channel name it.
type Delivery struct {
	Key       string        `json:"key"`
	Seq       int           `json:"seq"`
	Channel   string        `json:"channel"`
	Ref       string        `json:"ref,omitempty"` // Where the channel keeps it; its form is the channel's own.
	State     DeliveryState `json:"state"`
	Attempts  int           `json:"attempts"`
	Code      string        `json:"code,omitempty"`  // Of the last failure.
	Error     string        `json:"error,omitempty"` // The last failure in words, without secrets.
	Uncertain bool          `json:"uncertain"`       // An attempt may have been taken although it is not recorded as delivered.
	BeganAt   time.Time     `json:"began_at"`
	UpdatedAt time.Time     `json:"updated_at"`
}

// DeliveryClaim asks for the right to make one attempt.
type DeliveryClaim struct {
	Key     string
	Seq     int
	Channel string
	Now     time.Time
	Lease   time.Duration // How long the attempt may take; after that another may begin.
	AnyAge  bool          // A later message of the key does not make this one obsolete: an entry of a timeline.
}

// DeliveryGrant answers a claim. Without Granted the record's state says why: delivered, superseded, or sending by
// somebody else until BusyUntil.
type DeliveryGrant struct {
	Granted   bool
	Delivery  Delivery
	Before    string    // Where the channel keeps the key's earlier messages; empty when there are none.
	Repeat    bool      // An earlier attempt may have been taken: look before telling again.
	BusyUntil time.Time // Another attempt with the same key and channel is under way.
}
