package activities_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/activities"
	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/incident"
	"github.com/meteora-fee-router/feeops/internal/notify"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/store"
)

var failedAt = time.Date(2026, 11, 25, 3, 12, 0, 0, time.UTC)

// street is everything outside of the activities of incidents: it keeps what reaches it and breaks on request.
type street struct {
	store     *store.Store
	opened    []ops.IncidentStart
	failures  []ops.FailureSignal
	recovered map[string][]ops.RecoveredSignal
	alerts    map[string][]ops.AlertSignal
	told      []notify.Message
	rooms     []notify.Room
	posts     []notify.Message
	topics    []string
	broken    map[string]error
}

func (s *street) Open(_ context.Context, start ops.IncidentStart) error {
	s.opened = append(s.opened, start)
	return s.broken["door"]
}

func (s *street) Failure(_ context.Context, _ string, f ops.FailureSignal) error {
	s.failures = append(s.failures, f)
	return s.broken["door"]
}

func (s *street) Recovered(_ context.Context, id string, r ops.RecoveredSignal) error {
	s.recovered[id] = append(s.recovered[id], r)
	return s.broken["door"]
}

func (s *street) Alert(_ context.Context, id string, a ops.AlertSignal) error {
	s.alerts[id] = append(s.alerts[id], a)
	return s.broken["door"]
}

func (s *street) Tell(_ context.Context, m notify.Message, _, _ []string) ([]string, error) {
	s.told = append(s.told, m)
	return []string{"street"}, s.broken["teller"]
}

// rooms is the street's war room.
type rooms struct{ *street }

func (r rooms) Open(_ context.Context, room notify.Room) (notify.Ref, error) {
	r.rooms = append(r.rooms, room)
	return "r1", r.broken["open"]
}

func (r rooms) Post(_ context.Context, _ notify.Ref, m notify.Message) error {
	r.posts = append(r.posts, m)
	return r.broken["post"]
}

func (r rooms) Describe(_ context.Context, _ notify.Ref, topic string) error {
	r.topics = append(r.topics, topic)
	return nil
}

func newStreet(t testing.TB) (*street, *activities.Incidents) {
	t.Helper()
	db, err := store.Open(t.Context(), "file:"+filepath.Join(t.TempDir(), "feeops.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() }) // Some tests have closed it.
	s := &street{store: db, recovered: map[string][]ops.RecoveredSignal{}, alerts: map[string][]ops.AlertSignal{}, broken: map[string]error{}}
	a := activities.NewIncidents(activities.IncidentParams{
		Desk: incident.Desk{Rules: incident.DefaultRules(), Ledger: db}, Store: db, Door: s, Teller: s, Rooms: rooms{s},
		Redact: incident.NewRedactor([]string{"s3cr3t-token"}, config.RedactURL), Teams: map[string]string{"alpha": "treasury"},
		Policy:  incident.Policy{Ladders: []incident.Ladder{{Severity: domain.SeverityHigh, Steps: []incident.Step{{To: []string{"ada"}}}}}},
		Respond: true, ReopenWindow: time.Hour, Now: func() time.Time { return failedAt },
	})
	return s, a
}

func failing(key, vault, code string) domain.Failure {
	return domain.Failure{Key: key, Vault: vault, Day: "2026-11-25", Kind: domain.FailureStuck, Code: code, Message: "it failed", At: failedAt}
}

func TestReportFailure_OpensOneIncidentAndSignalsIt(t *testing.T) {
	s, a := newStreet(t)
	first, err := a.ReportFailure(t.Context(), failing("k1", "alpha", "treasury_low"))
	require.NoError(t, err)
	require.True(t, first.Opened)
	require.Len(t, s.opened, 1)
	require.True(t, s.opened[0].Respond)
	require.Equal(t, first.Incident, s.opened[0].Incident.ID)
	require.Len(t, s.opened[0].Incident.Timeline, 1)

	// A worker that died between the store and the signal reports again: the workflow must hear of it.
	again, err := a.ReportFailure(t.Context(), failing("k1", "alpha", "treasury_low"))
	require.NoError(t, err)
	require.Equal(t, first, again)
	require.Len(t, s.opened, 2)

	second, err := a.ReportFailure(t.Context(), failing("k2", "beta", "treasury_low"))
	require.NoError(t, err)
	require.Equal(t, first.Incident, second.Incident)
	require.Len(t, s.failures, 1)
	require.True(t, s.failures[0].Fleet)
	require.Equal(t, 2, s.failures[0].Vaults)

	benign, err := a.ReportFailure(t.Context(), failing("k3", "alpha", "router/6020"))
	require.NoError(t, err)
	require.Equal(t, ops.ReportResult{}, benign)
}

func TestReportFailure_AWorkflowThatCannotBeReachedIsTriedAgain(t *testing.T) {
	s, a := newStreet(t)
	s.broken["door"] = errors.New("no connection")
	_, err := a.ReportFailure(t.Context(), failing("k1", "alpha", "payer_low"))
	require.Error(t, err)
	require.Equal(t, fault.Unknown, fault.KindOf(err), "it is retried")
}

// S08: a store that is gone is the worst time to be silent.
func TestReportFailure_PeopleAreToldWhenTheStoreIsGone(t *testing.T) {
	s, a := newStreet(t)
	require.NoError(t, s.store.Close())
	_, err := a.ReportFailure(t.Context(), failing("k1", "alpha", "router/6001"))
	require.Error(t, err)
	require.Len(t, s.told, 1)
	require.Equal(t, domain.SeverityCritical, s.told[0].Severity)
	require.Contains(t, s.told[0].Text, "There is no incident for it yet")
	_, err = a.ReportFailure(t.Context(), failing("k2", "alpha", "router/6020"))
	require.NoError(t, err, "what is no incident needs no store")
	require.Len(t, s.told, 1)
}

func TestReportFailure_RecoveryReachesEveryIncidentOfTheVault(t *testing.T) {
	s, a := newStreet(t)
	one, err := a.ReportFailure(t.Context(), failing("k1", "alpha", "payer_low"))
	require.NoError(t, err)
	two, err := a.ReportFailure(t.Context(), failing("k2", "alpha", "router/6007"))
	require.NoError(t, err)
	well := failing("k3", "alpha", "")
	well.Kind = domain.FailureRecovered
	got, err := a.ReportFailure(t.Context(), well)
	require.NoError(t, err)
	require.Len(t, got.Recovered, 2)
	require.Len(t, s.recovered[one.Incident], 1)
	require.Len(t, s.recovered[two.Incident], 1)
	require.Zero(t, s.recovered[two.Incident][0].Left)
}

func TestReportFailure_KeepsNoSecretAndNamesTheNewestSignature(t *testing.T) {
	s, a := newStreet(t)
	for n, sig := range []string{"first", "second"} {
		i := domain.Intent{Signature: sig, Vault: "alpha", Day: "2026-11-25", Kind: domain.IntentPage, Key: "page/15", State: domain.IntentPrepared, Raw: []byte{1}, Blockhash: "b", LastValid: 9, CreatedAt: failedAt.Add(time.Duration(n) * time.Second), UpdatedAt: failedAt}
		require.NoError(t, s.store.InsertIntent(t.Context(), i))
		if n == 0 {
			require.NoError(t, s.store.SettleIntent(t.Context(), sig, store.IntentUpdate{State: domain.IntentExpired, At: failedAt}))
		}
	}
	f := failing("k1", "alpha", "router/6007")
	cursor := uint32(15)
	f.Cursor, f.Message = &cursor, "POST https://rpc.example.com/v2/0123456789abcdef0123456789abcdef with s3cr3t-token"
	got, err := a.ReportFailure(t.Context(), f)
	require.NoError(t, err)
	kept, err := s.store.Failures(t.Context(), got.Incident, 0)
	require.NoError(t, err)
	require.Equal(t, "second", kept[0].Signature)
	require.NotContains(t, kept[0].Message, "s3cr3t")
	require.NotContains(t, kept[0].Message, "0123456789abcdef")
	require.NotContains(t, s.opened[0].Incident.Description, "s3cr3t")
}

func TestTellIncident_CarriesMoneyTeamAndNoSecret(t *testing.T) {
	s, a := newStreet(t)
	got, err := a.ReportFailure(t.Context(), failing("k1", "alpha", "treasury_low"))
	require.NoError(t, err)
	i := s.opened[0].Incident
	_, err = a.TellIncident(t.Context(), ops.TellInput{Incident: i, Occasion: "opened", Text: "token=s3cr3t-token", Seq: 1})
	require.NoError(t, err)
	m := s.told[0]
	require.Equal(t, "incident/"+got.Incident, m.Key)
	require.Equal(t, "treasury", m.Team)
	require.NotContains(t, m.Text, "s3cr3t")
	require.Contains(t, m.Fields, notify.Field{Name: "Money at risk", Value: "1 not assessed"})

	i.VaultCount = 1000
	_, err = a.TellIncident(t.Context(), ops.TellInput{Incident: i, Occasion: "raised", Seq: 2})
	require.NoError(t, err)
	require.Contains(t, m.Fields[2].Value+s.told[1].Fields[2].Value, "980 vaults not assessed")
	s.broken["teller"] = fault.New(fault.Retry, "x", errors.New("429"))
	_, err = a.TellIncident(t.Context(), ops.TellInput{Incident: i, Occasion: "raised", Seq: 3})
	require.Equal(t, fault.Retry, fault.KindOf(err))
}

func TestPostRoom_OpensItOnceAndShowsWhereTheIncidentStands(t *testing.T) {
	s, a := newStreet(t)
	_, err := a.ReportFailure(t.Context(), failing("k1", "alpha", "treasury_low"))
	require.NoError(t, err)
	i := s.opened[0].Incident
	res, err := a.PostRoom(t.Context(), ops.RoomInput{Incident: i, Entries: i.Timeline, Seq: 1})
	require.NoError(t, err)
	require.Equal(t, "r1", res.Room)
	require.Equal(t, []string{"ada"}, s.rooms[0].Invite)
	require.True(t, strings.HasPrefix(s.rooms[0].Name, "inc-20261125-001"))
	require.Contains(t, s.posts[0].Text, "03:12:00 automation: opened as high")
	_, err = a.PostRoom(t.Context(), ops.RoomInput{Incident: i, Room: res.Room, Entries: i.Timeline, Seq: 2})
	require.NoError(t, err)
	require.Len(t, s.rooms, 1)
	require.Len(t, s.topics, 2)
	s.broken["post"] = errors.New("gone")
	_, err = a.PostRoom(t.Context(), ops.RoomInput{Incident: i, Room: res.Room, Seq: 3})
	require.Error(t, err)
}

func TestLoadIncident_SaysWhatThereIsNot(t *testing.T) {
	s, a := newStreet(t)
	_, err := a.LoadIncident(t.Context(), "INC-20261125-404")
	require.Equal(t, fault.Human, fault.KindOf(err))
	require.ErrorContains(t, err, "feeops incident list")
	got, err := a.ReportFailure(t.Context(), failing("k1", "alpha", "treasury_low"))
	require.NoError(t, err)
	start, err := a.LoadIncident(t.Context(), got.Incident)
	require.NoError(t, err)
	require.Equal(t, "k1", start.Failure.Key)
	require.Equal(t, s.opened[0].Incident.Title, start.Incident.Title)
}
