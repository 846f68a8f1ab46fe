package backup_test

import (
	"crypto/rand"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/backup"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fake"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/seal"
	"github.com/meteora-fee-router/feeops/internal/store"
)

func (w *world) keeper(address string, change ...func(p *backup.KeeperParams)) *backup.Keeper {
	p := backup.KeeperParams{
		Books: w.store, Address: address, Deployment: "main", Program: "test", Recipients: []string{w.recipient}, IdentityFile: w.keyFile,
		Signer: func() (*seal.Key, error) { return w.signer, nil }, Signers: []seal.Public{w.signer.Public()},
		Settings: map[string]string{"network": "localnet"}, Folders: w.folders, Keep: backup.Keep{All: time.Hour, Least: 1}, MaxAge: time.Hour,
		Evidence: func(domain.Evidence) error { return nil }, Random: rand.Reader, Now: func() time.Time { return w.now },
	}
	for _, c := range change {
		c(&p)
	}
	return backup.NewKeeper(p)
}

func TestKeeper_EveryAttemptIsRememberedAlsoOneThatFailed(t *testing.T) {
	server := newS3(t)
	w := newWorldAt(t, server.Address(""), "")
	k := w.keeper(server.Address(""))
	made, err := k.Make(t.Context(), nil)
	require.NoError(t, err)
	w.now = noon.Add(time.Minute)
	server.Break(fake.Fault{Name: fake.Refuse, Status: 403, Code: "AccessDenied"})
	_, err = k.Make(t.Context(), nil)
	require.ErrorIs(t, err, backup.ErrDenied)
	last, good, err := w.store.LastBackup(t.Context())
	require.NoError(t, err)
	require.Equal(t, made.ID, good.Archive)
	require.Equal(t, made.SHA256, good.SHA256)
	require.False(t, last.OK)
	require.Equal(t, "backup/denied", last.Code)
	require.False(t, domain.BackupCondition(last, good, time.Hour, w.now).OK)

	server.Mend()
	w.now = noon.Add(2 * time.Minute)
	_, err = k.Make(t.Context(), nil)
	require.NoError(t, err)
	last, good, err = w.store.LastBackup(t.Context())
	require.NoError(t, err)
	require.True(t, domain.BackupCondition(last, good, time.Hour, w.now).OK)

	_, err = w.keeper("").Make(t.Context(), nil)
	require.ErrorIs(t, err, backup.ErrNoPlace)
	require.Equal(t, "backup/no_place", fault.CodeOf(err))
}

func TestKeeper_PrunesItsOwnAndSaysSoInTheAuditLog(t *testing.T) {
	w := newWorld(t)
	k := w.keeper("file:" + w.dir)
	old, err := k.Make(t.Context(), nil)
	require.NoError(t, err)
	w.now = noon.Add(48 * time.Hour)
	_, err = k.Make(t.Context(), nil)
	require.NoError(t, err)
	gone, err := k.Prune(t.Context(), "ann")
	require.NoError(t, err)
	require.Equal(t, []string{old.ID}, gone)
	log, err := w.store.AuditLog(t.Context(), 3, 10)
	require.NoError(t, err)
	require.Len(t, log, 1)
	require.Equal(t, "backup.prune", log[0].Action)
	require.Equal(t, old.ID, log[0].Subject)
}

func results(d domain.Drill) map[string]domain.DrillResult {
	out := map[string]domain.DrillResult{}
	for _, s := range d.Steps {
		out[s.Name] = s.Result
	}
	return out
}

func TestDrill_MeasuresAndScores(t *testing.T) {
	w := newWorld(t)
	k := w.keeper("file:" + w.dir)
	_, err := k.Make(t.Context(), nil)
	require.NoError(t, err)
	w.now = noon.Add(10 * time.Minute)
	require.NoError(t, w.store.Audit(t.Context(), store.AuditEntry{At: w.now, Actor: "ann", Action: "later"}))
	d, err := k.Drill(t.Context(), w.now)
	require.NoError(t, err)
	require.Equal(t, 100, d.Score, d.Steps)
	require.EqualValues(t, 600, *d.RPO)
	require.NotNil(t, d.RTO)
	kept, err := w.store.Drills(t.Context(), backup.DrillRestore, 1)
	require.NoError(t, err)
	require.Equal(t, d, kept[0])

	tests := []struct {
		name string
		do   func()
		p    func(p *backup.KeeperParams)
		step string
		want domain.DrillResult
	}{
		{"a signer that is not known here", nil, func(p *backup.KeeperParams) { p.Signers = newWorld(t).keys().Signers }, "a known key signed it", domain.DrillFailed},
		{"no signer known here", nil, func(p *backup.KeeperParams) { p.Signers = nil }, "a known key signed it", domain.DrillNotAssessed},
		{"an unknown signer, and yet the rest is looked at", nil, func(p *backup.KeeperParams) { p.Signers = newWorld(t).keys().Signers }, "its audit log is unbroken", domain.DrillOK},
		{"no key here", nil, func(p *backup.KeeperParams) { p.IdentityFile = "" }, "a key opens it", domain.DrillNotAssessed},
		{"too old", func() { w.now = noon.Add(3 * time.Hour) }, nil, "it is young enough", domain.DrillFailed},
		{"a store with the same log", nil, func(p *backup.KeeperParams) { p.Books = newWorld(t).store }, "the live audit log goes on from it", domain.DrillOK},
		{"a live log that was cut", nil, func(p *backup.KeeperParams) { p.Books = openStore(t, t.TempDir()+"/empty.db") }, "the live audit log goes on from it", domain.DrillFailed},
		{"a damaged archive", func() {
			all, err := w.place.List(t.Context())
			require.NoError(t, err)
			require.NoError(t, os.Truncate(w.archive(all[0].ID), 100))
			require.NoError(t, os.WriteFile(w.archive(all[0].ID), append(make([]byte, 0), make([]byte, all[0].Bytes)...), 0o600))
		}, nil, "it restores into an empty place, and opens", domain.DrillFailed},
		{"nothing there", nil, func(p *backup.KeeperParams) { p.Deployment = "other" }, "a backup is there", domain.DrillFailed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.do != nil {
				tt.do()
			}
			var change []func(p *backup.KeeperParams)
			if tt.p != nil {
				change = append(change, tt.p)
			}
			d, err := w.keeper("file:"+w.dir, change...).Drill(t.Context(), w.now)
			require.NoError(t, err)
			require.Equal(t, tt.want, results(d)[tt.step], d.Steps)
			require.Len(t, d.Steps, 9, "what was not reached is listed too")
		})
	}
}
