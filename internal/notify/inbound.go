package notify

import (
	"context"
	"time"
)

// Person is who did something in a service. Operator is the name of the settings when the account is known there.
type Person struct {
	Operator string `json:"operator,omitempty"`
	Account  string `json:"account"` // Such as slack:U012AB3CD or pagerduty:PXPGF42.
	Name     string `json:"name,omitempty"`
}

// Click is a press on a button of a message.
type Click struct {
	Person  Person    `json:"person"`
	Action  Action    `json:"action"`
	Message Ref       `json:"message"` // The message with the button, as its channel writes it.
	At      time.Time `json:"at"`
}

// Command is what somebody typed, such as /feeops stop --vault alpha. Its first word is Name.
type Command struct {
	Person Person    `json:"person"`
	Name   string    `json:"name"` // One of the constants.
	Text   string    `json:"text"` // What follows it, on one line.
	Place  Ref       `json:"place"`
	At     time.Time `json:"at"`
}

// Commands that people can type.
const (
	CommandStatus  = "status"
	CommandStop    = "stop"
	CommandAck     = "ack"
	CommandExplain = "explain"
)

// Commands lists them in the order in which the usage shows them.
func Commands() []string { return []string{CommandStatus, CommandStop, CommandAck, CommandExplain} }

// Page is what happened to a page in the paging service: somebody has taken it over, or it was resolved there.
type Page struct {
	ID     string    `json:"id"`   // Of the event.
	Kind   Kind      `json:"kind"` // Acknowledge or Resolve.
	Key    string    `json:"key"`  // The dedup key, which is the message's key.
	Person Person    `json:"person"`
	At     time.Time `json:"at"`
}

// Inbox takes what people do in the channels. The text that it returns is shown to them where they are; an error is
// shown too, so it must hold no secret. All may come twice: services deliver at least once.
type Inbox interface {
	Clicked(ctx context.Context, c Click) (string, error)
	Commanded(ctx context.Context, c Command) (string, error)
	Paged(ctx context.Context, p Page) error
}
