package notify

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
)

// CodeUnattached is the code in the record of a message whose files could not be read where it was told.
const CodeUnattached = "notify/unattached"

// Unattached is a message that was told without its files. A summary that people have is worth more than one that is
// told again, or elsewhere, because its report could not be sent along.
type Unattached struct{ Why error }

// Error says why the files are missing.
func (u *Unattached) Error() string { return "told without its files: " + u.Why.Error() }

// Unwrap gives the reason, with its kind.
func (u *Unattached) Unwrap() error { return u.Why }

// uploadPace is the slowest line, in bytes a second, on which files still arrive before an attempt is given up.
const uploadPace = 512 << 10

// uploadTime is what an attempt gets for the files, beside the time for the message itself.
func (m Message) uploadTime() time.Duration {
	bytes := 0
	for _, body := range m.Files {
		bytes += len(body)
	}
	return time.Duration(bytes) * time.Second / uploadPace
}

// FileNames are the names of all files that belong to a message, also of those that it does not carry, in order.
func (m Message) FileNames() []string {
	var out []string
	for _, name := range union(slices.Collect(maps.Keys(m.Files)), m.Attach) {
		out = append(out, Line(name))
	}
	slices.Sort(out)
	return out
}

// withoutFiles ends a delivery that only lacks its files: it is tried again while that may help, because a channel finds
// what it has told, and then counts as delivered. Its record keeps what is missing, and why.
func withoutFiles(m Message, end *domain.Delivery, failed error, again bool) (missing string, err error) {
	var u *Unattached
	switch {
	case failed == nil && m.Lacks != "":
		end.Code, end.Error = CodeUnattached, Cut(Line(m.Lacks), maxRecorded)
		return end.Error, nil
	case !errors.As(failed, &u) || again && fault.KindOf(u.Why) != fault.Human:
		return "", failed
	}
	end.State, end.Uncertain = domain.DeliveryDelivered, false
	return end.Error, nil
}
