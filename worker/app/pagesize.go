package app

import (
	"errors"
	"fmt"
	"time"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/distribution"
	"github.com/meteora-fee-router/feeops/internal/domain"
)

// ErrPageSize means that a vault cannot take a page size (W10).
var ErrPageSize = errors.New("the vault cannot take this page size")

// MostPerPage is the largest page of a vault by the settings: 1,232 bytes, 64 locks, and the program's own bound.
func MostPerPage(s config.Settings, v config.Vault) uint32 {
	return distribution.MostPerPage(v.Behaviour, Rules(s).Tables)
}

// PageSizeFits refuses a page size that a transaction of the vault does not take.
func PageSizeFits(s config.Settings, v config.Vault, size uint32) error {
	most := MostPerPage(s, v)
	switch {
	case v.Behaviour == domain.Published:
		return fmt.Errorf("%w: %s is a published vault, whose day has all its streams in one call", ErrPageSize, v.ID)
	case size < 1 || size > most:
		return fmt.Errorf("%w: %d investors a page, and a transaction of %s takes 1 to %d", ErrPageSize, size, v.ID, most)
	}
	return nil
}

// MayChange judges by the roles of the settings whether somebody may change how days are paid.
func MayChange(s config.Settings, name string, now time.Time) error {
	return roles{s.Roster(), func() time.Time { return now }}.May(name, "")
}
