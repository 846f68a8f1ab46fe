package backup_test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/meteora-fee-router/feeops/internal/backup"
	"github.com/meteora-fee-router/feeops/internal/fake"
	"github.com/meteora-fee-router/feeops/internal/fake/s3"
	"github.com/meteora-fee-router/feeops/internal/seal"
	"github.com/meteora-fee-router/feeops/internal/store"
	"github.com/meteora-fee-router/feeops/internal/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// world is a store with a day's books, two folders, a key and an empty place.
type world struct {
	t         *testing.T
	store     *store.Store
	place     *backup.Place
	dir       string // Of the place, when it is a directory.
	recipient string
	keyFile   string
	signer    *seal.Key
	folders   []backup.Folder
	now       time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	dir := t.TempDir()
	return newWorldAt(t, "file:"+dir, dir)
}

func newWorldAt(t *testing.T, address, dir string) *world {
	t.Helper()
	w := &world{t: t, dir: dir, now: noon, keyFile: filepath.Join(t.TempDir(), "keys", "backup.key")}
	var err error
	w.store = openStore(t, filepath.Join(t.TempDir(), "feeops.db"))
	_, err = w.store.SaveManifest(t.Context(), storetest.Manifest(t, 20, 5))
	require.NoError(t, err)
	require.NoError(t, w.store.InsertIntent(t.Context(), storetest.Intent("sig", "page/0", 1)))
	for n := range 3 {
		require.NoError(t, w.store.Audit(t.Context(), store.AuditEntry{At: noon, Actor: "ann", Action: "note", Detail: fmt.Sprint("entry ", n)}))
	}
	w.place = openPlace(t, address)
	w.recipient, err = backup.GenerateKey(w.keyFile, noon)
	require.NoError(t, err)
	w.signer, err = seal.Generate(rand.Reader)
	require.NoError(t, err)
	for _, name := range []string{"evidence", "reports"} {
		f := backup.Folder{Name: name, Dir: filepath.Join(t.TempDir(), name)}
		require.NoError(t, os.Mkdir(f.Dir, 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(f.Dir, name+"-1.json"), []byte("{\""+name+"\": 1}"), 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(f.Dir, ".half"), []byte("not finished"), 0o600))
		w.folders = append(w.folders, f)
	}
	return w
}

func openStore(t *testing.T, path string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), "file:"+path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func openPlace(t *testing.T, address string) *backup.Place {
	t.Helper()
	p, err := backup.Open(t.Context(), address)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Close()) })
	return p
}

func (w *world) params() backup.CreateParams {
	return backup.CreateParams{
		Store: w.store, Place: w.place, Deployment: "main", Program: "test", Recipients: []string{w.recipient}, Signer: w.signer, Settings: map[string]string{"network": "localnet"},
		Folders: w.folders, Random: rand.Reader, Now: func() time.Time { return w.now },
	}
}

func (w *world) create() backup.Made {
	w.t.Helper()
	made, err := backup.Create(w.t.Context(), w.params())
	require.NoError(w.t, err)
	return made
}

func (w *world) keys() backup.Keys {
	w.t.Helper()
	keys, err := backup.LoadIdentities(w.keyFile)
	require.NoError(w.t, err)
	return backup.Keys{Identities: keys, Signers: []seal.Public{w.signer.Public()}}
}

// anyones are the keys of somebody who takes what nobody signed.
func (w *world) anyones() backup.Keys {
	k := w.keys()
	k.Unsigned = true
	return k
}

// target is an empty place.
func target(t *testing.T) backup.Target {
	t.Helper()
	dir := t.TempDir()
	return backup.Target{
		DSN:      "file:" + filepath.Join(dir, "store", "feeops.db"),
		Folders:  []backup.Folder{{Name: "evidence", Dir: filepath.Join(dir, "evidence")}, {Name: "reports", Dir: filepath.Join(dir, "reports")}},
		Settings: filepath.Join(dir, "settings.json"),
	}
}

// untouched says that a failed restore left nothing.
func untouched(t *testing.T, to backup.Target) {
	t.Helper()
	var left []string
	root := filepath.Dir(to.Settings)
	require.NoError(t, filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			left = append(left, path)
		}
		return err
	}))
	require.Empty(t, left)
}

// archive is the path of an archive's bytes in a directory.
func (w *world) archive(id string) string { return filepath.Join(w.dir, id+".tar.zst.age") }

func newS3(t *testing.T) *s3.Server {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	server, err := s3.Start(t.Context())
	return fake.ForTest(t, server, err)
}

// relabel makes an unsigned label that fits changed bytes, as somebody could who may write to the place.
func (w *world) relabel(l backup.Label) {
	w.t.Helper()
	body, err := json.Marshal(l)
	require.NoError(w.t, err)
	require.NoError(w.t, os.WriteFile(filepath.Join(w.dir, l.ID+".json"), body, 0o600))
}

func short(err error) string { return strings.SplitN(err.Error(), "\n", 2)[0] }
