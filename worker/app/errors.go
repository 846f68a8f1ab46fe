package app

// startError marks an error of our own constructors, which fx wraps in the names of functions.
type startError struct{ error }

func (e startError) Unwrap() error { return e.error }

func fault(err error) error { return startError{err} }

func isOurs(err error) bool {
	_, ok := err.(startError) //nolint:errorlint // The walk looks at each layer itself.
	return ok
}
