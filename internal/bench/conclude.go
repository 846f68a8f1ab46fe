package bench

// watched is the size of the fleet whose looks have a bar (DESIGN.md §7).
const watched = 1_000

// conclude takes the contract's figures from the cases, and names those that no case has.
func (r *Result) conclude() {
	if c := r.longest(); c != nil {
		r.SlotsPerPage, r.RequestsPerDay, r.Orchestration = &c.paid().SlotsPerPage, &c.paid().Requests, c.paid().Orchestration
	}
	if c := r.largest(); c != nil {
		r.PagesPerSecond = &c.paid().PagesPerSecond
		if c.Memory != nil {
			r.RSSMiB = &c.Memory.Peak
		}
	}
	for _, c := range r.Cases {
		if c.Vaults == watched && c.Tick != nil {
			r.TickMS1000, r.TickRequests = &c.Tick.P50, &c.Tick.Requests
		}
	}
	r.concludePeer()
	for _, f := range []struct {
		name string
		v    *float64
		why  string
	}{
		{"slots_per_page", r.SlotsPerPage, "no single vault's day was paid"},
		{"orchestration_ms_per_page", r.Orchestration, "no single vault's day had two pages"},
		{"rpc_requests_per_day", r.RequestsPerDay, "no single vault's day was paid"},
		{"pages_per_second", r.PagesPerSecond, "no fleet's day was paid"},
		{"tick_ms_1000", r.TickMS1000, "--vaults does not have 1000, or its case failed"},
		{"tick_requests_1000", r.TickRequests, "--vaults does not have 1000, or its case failed"},
		{"rss_mib", r.RSSMiB, "the system does not tell a process's memory, or no case ended well"},
	} {
		if f.v == nil {
			r.gap(f.name, f.why)
		}
	}
	if r.Peer == nil {
		r.gap("peer", "--peer=false")
	}
}

// longest is the case of one vault with the most investors whose day was paid.
func (r *Result) longest() (out *Case) {
	for i, c := range r.Cases {
		if c.Vaults == 1 && c.paid() != nil && (out == nil || c.Investors > out.Investors) {
			out = &r.Cases[i]
		}
	}
	return out
}

// largest is the case of the most vaults whose day was paid.
func (r *Result) largest() (out *Case) {
	for i, c := range r.Cases {
		if c.paid() != nil && (out == nil || c.Vaults > out.Vaults) {
			out = &r.Cases[i]
		}
	}
	return out
}

// concludePeer compares like with like: the same program, and days that the script finished.
func (r *Result) concludePeer() {
	if r.Peer == nil {
		return
	}
	var one, many *PeerCase
	for i, c := range r.Peer.Cases {
		if c.Behaviour != reference || c.First.Complete != c.Vaults {
			continue
		}
		if c.Vaults == 1 && (one == nil || c.Investors > one.Investors) {
			one = &r.Peer.Cases[i]
		}
		if many == nil || c.Vaults > many.Vaults {
			many = &r.Peer.Cases[i]
		}
	}
	if one != nil {
		r.Peer.SlotsPerPage, r.Peer.RequestsPerDay = &one.First.SlotsPerPage, &one.First.Requests
	}
	if many != nil {
		r.Peer.PagesPerSecond = &many.First.PagesPerSecond
	}
}

const reference = "reference"
