package alert

import (
	"fmt"
	"strings"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// workerSilence is how long a worker may be silent: an idle one asks for work once a minute.
const workerSilence = 3 * time.Minute

// fresh gives the fleet's sample while it says anything.
func fresh(c *Case) *domain.FleetSample {
	if c.Fleet == nil || c.Now.Sub(c.Fleet.At) > c.Limits.Stale {
		return nil
	}
	return c.Fleet
}

func one(v Verdict, detail string) []Sighting { return []Sighting{{Fleet, v, detail}} }

// outOfUse lists the endpoints that are not usable, with their reasons.
func outOfUse(all []domain.EndpointSample) []string {
	var out []string
	for _, e := range all {
		if !e.Usable {
			out = append(out, e.Name+": "+e.Reason)
		}
	}
	return out
}

func rpcDegraded(c *Case) []Sighting {
	f := fresh(c)
	if f == nil || len(f.Endpoints) == 0 {
		return one(Unknown, "")
	}
	bad := outOfUse(f.Endpoints)
	return one(truth(len(bad) > 0), fmt.Sprintf("Out of use: %d of %d endpoints. %s", len(bad), len(f.Endpoints), strings.Join(bad, "; ")))
}

func rpcAllDown(c *Case) []Sighting {
	f := fresh(c)
	if f == nil || len(f.Endpoints) == 0 {
		return one(Unknown, "")
	}
	bad := outOfUse(f.Endpoints)
	return one(truth(len(bad) == len(f.Endpoints)), fmt.Sprintf("None of %d endpoints is usable. %s", len(f.Endpoints), strings.Join(bad, "; ")))
}

func clockSkew(c *Case) []Sighting {
	f := fresh(c)
	if f == nil || f.Skew == nil {
		return one(Unknown, "")
	}
	skew := time.Duration(*f.Skew) * time.Second
	word := "ahead of"
	if skew < 0 {
		word = "behind"
	}
	return one(truth(skew.Abs() > c.Limits.ClockSkew), fmt.Sprintf("This machine's clock is %s %s the chain's.", skew.Abs(), word))
}

func monitorStale(c *Case) []Sighting {
	good := c.Since
	if c.Fleet != nil && c.Fleet.Good.After(good) {
		good = c.Fleet.Good
	}
	age := c.Now.Sub(good)
	switch {
	case good.IsZero():
		return one(Unknown, "")
	case age <= c.Limits.Stale:
		return one(Clear, "")
	case c.Fleet == nil:
		return one(Firing, fmt.Sprintf("No sample was taken in the %s since the watch began.", short(age)))
	}
	detail := fmt.Sprintf("Every vault was read last %s ago; the newest sample is %s old and has %d of %d vaults.", short(age), short(c.Now.Sub(c.Fleet.At)), c.Fleet.Read, c.Fleet.Vaults)
	if c.Fleet.Error != "" {
		detail += " " + c.Fleet.Error
	}
	return one(Firing, detail)
}

func workerDown(c *Case) []Sighting {
	f := fresh(c)
	if f == nil || f.Workers == nil {
		return one(Unknown, "")
	}
	live := 0
	for _, w := range f.Workers {
		if f.At.Sub(w.Seen) <= workerSilence {
			live++
		}
	}
	return one(truth(live < c.Limits.Workers), fmt.Sprintf("Workers that ask for work: %d. There should be %d.", live, c.Limits.Workers))
}

// parts turns a list of conditions into sightings.
func parts(f *domain.FleetSample, all []domain.Condition) []Sighting {
	if f == nil {
		return nil
	}
	var out []Sighting
	for _, p := range all {
		out = append(out, Sighting{p.Name, broken(p), sentence(p)})
	}
	return out
}

func broken(p domain.Condition) Verdict {
	if p.Unknown {
		return Unknown
	}
	return truth(!p.OK)
}

func sentence(p domain.Condition) string {
	return fmt.Sprintf("Found at %s: %s", stamp(p.At), p.Detail)
}

func channelDown(c *Case) []Sighting {
	if f := fresh(c); f != nil {
		return parts(f, f.Channels)
	}
	return nil
}

func signerUnreachable(c *Case) []Sighting {
	if f := fresh(c); f != nil {
		return parts(f, f.Signers)
	}
	return nil
}

// single judges a part that the fleet has once.
func single(p *domain.Condition) []Sighting {
	if p == nil {
		return one(Unknown, "")
	}
	return one(broken(*p), sentence(*p))
}

func backupFailed(c *Case) []Sighting {
	if f := fresh(c); f != nil {
		return single(f.Backup)
	}
	return one(Unknown, "")
}

func auditBroken(c *Case) []Sighting {
	if f := fresh(c); f != nil {
		return single(f.Audit)
	}
	return one(Unknown, "")
}
