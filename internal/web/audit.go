package web

import (
	"net/http"
	"strconv"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// auditRows are those of one page.
const auditRows = 100

// auditView is the end of the audit log, newest first.
type auditView struct {
	Rows  []store.AuditEntry
	Older string            // Address of the entries before; empty at the beginning.
	Newer bool              // This is not the end of the log.
	State *domain.Condition // What the watch found when it verified the chain last; nil is unknown.
}

func (s *server) audit(r *http.Request, g glance) (view, error) {
	before, _ := strconv.ParseInt(r.URL.Query().Get("before"), 10, 64) // What is no number is the end.
	before = max(0, before)
	rows, err := s.Store.AuditTail(r.Context(), before, auditRows)
	if err != nil {
		return view{}, unreadable("the audit log", err)
	}
	v := auditView{Rows: rows, Newer: before > 0, State: g.tick.Fleet.Audit}
	if n := len(rows); n == auditRows && rows[n-1].Seq > 1 {
		v.Older = query(r.URL, "before", strconv.FormatInt(rows[n-1].Seq, 10))
	}
	return view{name: "audit", title: "Audit log", nav: "audit", live: before == 0, body: v}, nil
}
