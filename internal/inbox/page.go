package inbox

import (
	"context"
	"strings"

	"github.com/meteora-fee-router/feeops/internal/notify"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// Paged takes over what somebody took over in the paging service. A page that is resolved there is taken over here too
// and nothing more: what is wrong with the chain ends when it is not wrong any more, and an incident when somebody says
// what was done. Events that only echo what came from here change nothing.
func (in *Inbox) Paged(ctx context.Context, p notify.Page) error {
	if p.Person.Account == "" {
		return nil // A rule of the service, or our own acknowledgement coming back.
	}
	operator := in.Accounts[p.Person.Account]
	service, _, _ := strings.Cut(p.Person.Account, ":")
	entry := store.AuditEntry{At: in.Now().UTC(), Actor: p.Person.Account, Action: service + "." + string(p.Kind), Subject: p.Key}
	name := operator
	if name == "" {
		// Whoever the service lets acknowledge has been paged by it; it stands under the name that the service has.
		name = p.Person.Account
		entry.Detail = "this account is no operator's"
	}
	text, err := in.takeOver(ctx, p.Key, Actor{Name: name, Channel: service})
	if err == nil {
		entry.Detail = join(entry.Detail, text)
		return in.record(ctx, entry)
	}
	if no, ok := err.(refusal); ok { //nolint:errorlint // Only ours, never wrapped.
		_, _ = in.refused(ctx, entry, no) // Gone or over: sending it again changes nothing.
		return nil
	}
	return err
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "; " + b
}
