package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"syscall"

	"filippo.io/age"
	"gocloud.dev/gcerrors"

	"github.com/meteora-fee-router/feeops/internal/fault"
)

// What may be wrong with an archive or where it lies. Each error says which archive, where, and what to do next.
var (
	ErrWrongKey    = errors.New("none of the keys opens it")
	ErrNoKey       = errors.New("there is no key to open it with")
	ErrTampered    = errors.New("it is not what was written")
	ErrTruncated   = errors.New("it is cut short")
	ErrMissing     = errors.New("a part is missing")
	ErrNewer       = errors.New("a newer feeops made it")
	ErrUnreachable = errors.New("the place cannot be reached")
	ErrDenied      = errors.New("the place denies access")
	ErrNone        = errors.New("there is no backup")
	ErrKeyFile     = errors.New("the key file cannot be used")
	ErrPlace       = errors.New("the address is not understood")
	ErrTaken       = errors.New("there is something in the way")
	ErrUnsigned    = errors.New("no known key signed it")
	ErrFull        = errors.New("the place is full")
)

// kinds say what may be done after each of them, under which code, and what an operator does next.
var kinds = []struct {
	err  error
	kind fault.Kind
	code string
	next string
}{
	{ErrWrongKey, fault.Human, "backup/wrong_key", "Use the key file that belongs to one of the recipients of that time (backup.identity_file, --identity)"},
	{ErrNoKey, fault.Human, "backup/no_key", "Name the key file: backup.identity_file or --identity"},
	{ErrTampered, fault.Human, "backup/tampered", "Do not restore it. Take another backup or another place (feeops backup list), and find out who can write there"},
	{ErrTruncated, fault.Human, "backup/truncated", "Take another backup or another place: feeops backup list"},
	{ErrMissing, fault.Human, "backup/missing", "Take another backup or another place: feeops backup list"},
	{ErrNewer, fault.Human, "backup/newer", "Install the feeops that made it, or a newer one"},
	{ErrFull, fault.Human, "backup/full", "Free space there, or shorten backup.keep_* and run feeops backup prune; nothing was left of the archive"},
	{ErrUnreachable, fault.Retry, "backup/unreachable", "Check the network, the address and the service"},
	{ErrDenied, fault.Human, "backup/denied", "Check the credentials in the environment and what they allow (docs/recovery.md)"},
	{ErrNone, fault.Human, "backup/none", "Make one with feeops backup create, or look in another place"},
	{ErrKeyFile, fault.Human, "backup/key_file", "Make one with feeops backup keygen --output FILE"},
	{ErrPlace, fault.Human, "backup/place", "Use file:DIRECTORY or s3://BUCKET/PATH (docs/recovery.md)"},
	{ErrUnsigned, fault.Human, "backup/unsigned", "Name the public half of the audit key that signed it (backup.signers, --signer), or its SHA-256 as it was printed when it was made (--sha256). --unsigned takes it all the same, and the audit log says so"},
	{ErrTaken, fault.Human, "backup/taken", "Move it away and keep it; nothing is written over"},
}

// refuse gives an error its kind, code and next step by what it wraps.
func refuse(format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	for _, k := range kinds {
		if errors.Is(err, k.err) {
			return fault.New(k.kind, k.code, err).WithNext(k.next)
		}
	}
	return err
}

// fromPlace says in our words what the storage said. Errors without a known meaning may pass by themselves.
func fromPlace(err error) error {
	var own *fault.Error
	switch {
	case err == nil, errors.As(err, &own), errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("%w: %w", ErrFull, err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: %w", ErrDenied, err)
	}
	switch gcerrors.Code(err) {
	case gcerrors.NotFound:
		return fmt.Errorf("%w: %w", ErrMissing, err)
	case gcerrors.PermissionDenied:
		return fmt.Errorf("%w: %w", ErrDenied, err)
	case gcerrors.Canceled:
		return err
	default:
		return fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
}

// fromArchive says what is wrong with an archive's bytes. source is what the storage itself said while they were read.
func fromArchive(err, source error) error {
	var none *age.NoIdentityMatchError
	switch {
	case err == nil:
		return nil
	case source != nil:
		return fromPlace(source)
	case errors.As(err, &none):
		return fmt.Errorf("%w: %d recipients were given when it was made", ErrWrongKey, len(none.StanzaTypes))
	case errors.Is(err, ErrTampered), errors.Is(err, ErrTruncated), errors.Is(err, ErrMissing), errors.Is(err, ErrNewer), errors.Is(err, ErrUnsigned), errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fmt.Errorf("%w: %w", ErrTruncated, err)
	default:
		return fmt.Errorf("%w: %w", ErrTampered, err)
	}
}
