package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// rules are what must hold between settings.
func (s Settings) rules() Errors {
	out := s.networkRules()
	if !s.Worker.AllowPublic && !loopback(s.Worker.Listen) {
		out = append(out, Error{Key: "worker.listen", Got: quote(s.Worker.Listen), Want: "a loopback address such as 127.0.0.1:8780", Next: "Set worker.allow_public: true if everyone who reaches it may read it."})
	}
	if m := s.Monitor; m.StaleAfter < 2*m.MetricsInterval {
		out = append(out, Error{Key: "monitor.stale_after", Got: quote(m.StaleAfter.String()), Want: "at least twice monitor.metrics_interval", Next: "One late look would make every sample old."})
	}
	out = append(out, s.Notify.rules()...)
	out = append(out, s.routeRules()...)
	out = append(out, s.incidentRules()...)
	out = append(out, s.Store.rules()...)
	out = append(out, s.scheduleRules()...)
	out = append(out, s.Worker.Web.rules(s.Operators)...)
	out = append(out, s.Backup.rules()...)
	if s.Worker.BuildID != "" && s.Worker.Deployment == "" {
		out = append(out, Error{Key: "worker.build_id", Got: quote(s.Worker.BuildID) + " without a deployment", Want: "worker.deployment as well", Next: "Leave both out to do without versioning."})
	}
	return append(append(append(append(out, s.signerRules()...), s.encryptionRules()...), s.operatorRules()...), s.vaultRules()...)
}

// rules keep a password from being ignored in silence.
func (s Store) rules() Errors {
	if s.Password.IsZero() {
		return nil
	}
	u, err := url.Parse(s.DSN.Reveal())
	if err != nil || u.User == nil {
		return Errors{{Key: "store.password", Got: "a password for " + quote(s.DSN.String()), Want: "store.dsn: postgres://USER@HOST:PORT/DATABASE", Next: "The address must name the user."}}
	}
	if p, _ := u.User.Password(); p != s.Password.Reveal() {
		return Errors{{Key: "store.password", Got: "a second password", Want: "one", Next: "Take it out of store.dsn or leave store.password out."}}
	}
	return nil
}

// networkRules keep a local setup from moving real money, and a public one from another network.
func (s Settings) networkRules() Errors {
	var out Errors
	if known := genesisHash(s.Network); known != "" && s.GenesisHash != "" && s.GenesisHash != known {
		out = append(out, Error{Key: "genesis_hash", Got: quote(s.GenesisHash), Want: known + " for " + s.Network, Next: "Remove it, or correct the network."})
	}
	names, urls := map[string]int{}, map[string]int{}
	for i, e := range s.RPC.Endpoints {
		key := fmt.Sprintf("rpc.endpoints[%d]", i)
		if first, ok := names[e.Name]; ok && e.Name != "" {
			out = append(out, Error{Key: key + ".name", Got: quote(e.Name) + " again", Want: "a name of its own", Next: fmt.Sprintf("rpc.endpoints[%d] has it.", first)})
		} else {
			names[e.Name] = i
		}
		if first, ok := urls[e.URL.Reveal()]; ok && !e.URL.IsZero() {
			out = append(out, Error{Key: key + ".url", Got: quote(e.URL.String()) + " again", Want: "another endpoint", Next: fmt.Sprintf("rpc.endpoints[%d] is the same: a node cannot be judged by itself.", first)})
		} else {
			urls[e.URL.Reveal()] = i
		}
		if u, err := url.Parse(e.URL.Reveal()); err == nil && s.Network == "localnet" && s.GenesisHash == "" && public(u.Hostname()) {
			out = append(out, Error{Key: key + ".url", Got: quote(e.URL.String()), Want: "a local address for network localnet", Next: "Set network, or genesis_hash if this really is a chain of your own."})
		}
	}
	return out
}

// vaultRules concern money: each of these mistakes pays the wrong people or nobody.
func (s Settings) vaultRules() Errors {
	var out Errors
	ids, addresses := map[string]int{}, map[string]int{}
	for i, v := range s.Vaults {
		key := fmt.Sprintf("vaults[%d]", i)
		if first, ok := ids[v.ID]; ok && v.ID != "" {
			out = append(out, Error{Key: key + ".id", Got: quote(v.ID) + " again", Want: "an id of its own", Next: fmt.Sprintf("%s has it.", s.describe(first))})
		} else {
			ids[v.ID] = i
		}
		if first, ok := addresses[v.Vault]; ok && v.Vault != "" {
			out = append(out, Error{Key: key + ".vault", Got: quote(v.Vault) + " again", Want: "another vault", Next: fmt.Sprintf("%s has it: two entries would crank one vault.", s.describe(first))})
		} else {
			addresses[v.Vault] = i
		}
		out = append(out, v.rules(key)...)
	}
	return out
}

func (v Vault) rules(key string) Errors {
	var out Errors
	if v.CPAMMProgram == raydiumProgram {
		out = append(out, Error{Key: key + ".cp_amm_program", Got: quote(raydiumProgram), Want: DAMMProgram, Next: "This address is Raydium's, though some documents give it as Meteora's."})
	}
	if len(v.Streams) == 0 {
		out = append(out, Error{Key: key + ".streams", Got: "no streams", Want: "at least one", Next: "List the investors' streams in streams or streams_file."})
	}
	if v.Behaviour == domain.Published && len(v.Streams) > domain.MaxPageSize {
		out = append(out, Error{Key: key + ".streams", Got: fmt.Sprintf("%d streams", len(v.Streams)), Want: fmt.Sprintf("at most %d for behaviour published", domain.MaxPageSize), Next: "The published program needs all streams in every call, and a transaction locks no more."})
	}
	seen := map[string]int{}
	for i, stream := range v.Streams {
		if first, ok := seen[stream]; ok && stream != "" {
			out = append(out, Error{Key: fmt.Sprintf("%s.streams[%d]", key, i), Got: quote(stream) + " again", Want: "every stream once", Next: fmt.Sprintf("Entry %d is the same.", first)})
		} else {
			seen[stream] = i
		}
	}
	return out
}

func (s Settings) describe(i int) string {
	return fmt.Sprintf("vaults[%d] (%s)", i, clip(s.Vaults[i].ID))
}

// loopback is true when only this machine can reach the address.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && ip.IsLoopback())
}

// public is true for a host that is surely not of this machine or this network.
func public(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return !ip.IsLoopback() && !ip.IsPrivate() && !ip.IsLinkLocalUnicast() && !ip.IsUnspecified()
	}
	local := strings.HasSuffix(host, ".localhost") || strings.HasSuffix(host, ".local") || strings.HasSuffix(host, ".internal")
	return strings.Contains(host, ".") && !local
}
