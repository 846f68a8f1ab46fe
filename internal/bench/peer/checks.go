package peer

import "context"

// preDistributionChecks are the script's four checks. The balance of the treasury is looked at and changes nothing.
func (d *Distributor) preDistributionChecks(ctx context.Context) (bool, error) {
	status, err := d.Client.Status(ctx)
	if err != nil {
		return false, err
	}
	if !status.CanStartNewDay && !status.CanContinueSameDay {
		return false, nil
	}
	valid, err := d.validateStreams(ctx)
	if err != nil {
		return false, err
	}
	if valid*100 < len(d.Config.Streams)*95 { // The script allows 5 % (row P04).
		return false, nil
	}
	return d.Client.Healthy(ctx), nil
}

// validateStreams asks for one account after the other (row P07). An account that exists is valid, and one that could not
// be read is not (rows P05, P06).
func (d *Distributor) validateStreams(ctx context.Context) (valid int, err error) {
	for _, account := range d.Config.Streams {
		there, err := d.Client.Exists(ctx, account)
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		if err == nil && there {
			valid++
		}
	}
	return valid, nil
}
