package app

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"

	"go.temporal.io/sdk/client"
	"go.uber.org/fx"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/alert"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/store"
	"github.com/meteora-fee-router/feeops/internal/web"
)

var webModule = fx.Module("web", fx.Provide(newWeb))

// webPage is the worker's own page; nil when the settings leave it out.
type webPage http.Handler

type webParams struct {
	fx.In

	Settings config.Settings
	Client   client.Client
	Store    *store.Store
	Clock    Clock
	Log      *slog.Logger
}

func newWeb(p webParams) (webPage, error) {
	s := p.Settings
	if !s.Worker.Web.Enabled {
		return nil, nil
	}
	queue := s.Temporal.TaskQueue
	params := web.Params{
		Store: p.Store, Links: webLinks{s}, Authorizer: roles{s.Roster(), p.Clock}, Alerts: map[string]string{},
		Deeds: webDeeds{deeds{
			client: p.Client, door: Door{Client: p.Client, Queue: queue},
			guard: guard{client: p.Client, store: p.Store, queue: queue, now: p.Clock},
		}},
		Shelf: web.Folder{Dir: s.Reports.Dir}, Session: s.Worker.Web.Session, Stale: s.Monitor.StaleAfter, Network: s.Network, Version: cmp.Or(BuildID(s), "(development build)"),
		Now: p.Clock, Nonce: rand.Text, Log: p.Log,
	}
	for _, v := range s.Vaults {
		params.Vaults = append(params.Vaults, web.Vault{ID: v.ID, Name: v.Name, Address: v.Vault, Team: v.Team, Enabled: v.Enabled})
	}
	for _, rule := range alert.Catalogue() {
		params.Alerts[rule.ID] = rule.Title
	}
	for _, t := range s.Worker.Web.Tokens {
		params.Tokens = append(params.Tokens, web.Token{Operator: t.Operator, Secret: t.Token.Reveal()})
	}
	page, err := web.New(params)
	if err != nil {
		return nil, fault(fmt.Errorf("the worker's page: %w", err))
	}
	return page, nil
}

// webLinks lead from the page to the Temporal UI, an explorer and the runbooks, as far as the settings know them.
type webLinks struct{ settings config.Settings }

func (l webLinks) run(id, run string) string {
	ui := l.settings.Temporal.UIURL
	if ui == "" {
		return ""
	}
	parts := []string{"namespaces", l.settings.Temporal.Namespace, "workflows", id}
	if run != "" {
		parts = append(parts, run, "history")
	}
	return joinURL(ui, parts...)
}

// VaultRun leads to a vault's run.
func (l webLinks) VaultRun(vault, run string) string { return l.run(ops.DailyID(vault), run) }

// IncidentRun leads to an incident's workflow.
func (l webLinks) IncidentRun(id string) string {
	return l.run(ops.IncidentID(l.settings.Temporal.TaskQueue, id), "")
}

// Address leads to an account in an explorer. Nobody outside knows a local chain.
func (l webLinks) Address(address string) string { return l.explorer("address", address) }

// Transaction leads to a transaction in an explorer.
func (l webLinks) Transaction(signature string) string { return l.explorer("tx", signature) }

func (l webLinks) explorer(kind, what string) string {
	if l.settings.Network == "localnet" || what == "" {
		return ""
	}
	return joinURL("https://explorer.solana.com", kind, what) + "?cluster=" + l.settings.Network
}

// Runbook leads to a runbook.
func (l webLinks) Runbook(name string) string {
	base := cmp.Or(l.settings.Monitor.RunbooksURL, l.settings.Incidents.RunbooksURL)
	if base == "" || name == "" {
		return ""
	}
	return joinURL(base, name+".md")
}
