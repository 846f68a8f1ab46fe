//go:build postgres

package main

import (
	"bytes"
	"context"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	compose "github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/devstack"
	"github.com/meteora-fee-router/feeops/internal/store/pgtest"
)

// composed runs the services of docker-compose.yml as processes of this machine: their commands and environments as the
// file says, with the addresses and paths of containers replaced.
type composed struct {
	t       *testing.T
	project *types.Project
	here    *strings.Replacer
}

func (c composed) command(service string, more ...string) *exec.Cmd {
	c.t.Helper()
	s := c.project.Services[service]
	args := append([]string{}, s.Command...)
	if service == "worker" && len(more) > 0 { // docker compose exec worker feeops …
		args = nil
	}
	for i, a := range args {
		args[i] = c.here.Replace(a)
	}
	cmd := exec.Command("feeops", append(args, more...)...)
	cmd.Env = append(cmd.Env, "PATH="+os.Getenv("PATH"))
	for key, value := range s.Environment {
		cmd.Env = append(cmd.Env, key+"="+c.here.Replace(*value))
	}
	return cmd
}

// run waits for a command and gives what it says.
func (c composed) run(cmd *exec.Cmd) string {
	c.t.Helper()
	out, err := cmd.CombinedOutput()
	require.NoError(c.t, err, "%v: %s", cmd.Args, out)
	return string(out)
}

// start lets a service run until the test ends or stops it; a clean end is part of the test.
func (c composed) start(cmd *exec.Cmd) (stop func()) {
	c.t.Helper()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	require.NoError(c.t, cmd.Start())
	ended := false
	stop = func() {
		if ended {
			return
		}
		ended = true
		require.NoError(c.t, cmd.Process.Signal(syscall.SIGTERM))
		require.NoError(c.t, cmd.Wait(), "%v: %s", cmd.Args, out.String())
	}
	c.t.Cleanup(stop)
	return stop
}

// TestCompose_ItsProgramsPayADayOnPostgreSQL stands in for the containers, which no test can start: secrets.sh and
// init.sh as they are, setup, the local chain and two workers with the environments of the compose file.
func TestCompose_ItsProgramsPayADayOnPostgreSQL(t *testing.T) {
	ctx, root := t.Context(), ".."
	o, err := compose.NewProjectOptions([]string{filepath.Join(root, "docker-compose.yml")}, compose.WithWorkingDirectory(root),
		compose.WithEnvFiles(filepath.Join(root, "deploy", "local", "local.env")), compose.WithDotEnv, compose.WithDefaultProfiles(), compose.WithInterpolation(true))
	require.NoError(t, err)
	project, err := o.LoadProject(ctx)
	require.NoError(t, err)

	dir := t.TempDir()
	server := pgtest.Server(t)
	password, _ := server.User.Password()
	sh := func(script string, args ...string) {
		cmd := exec.Command("sh", append([]string{filepath.Join(root, "deploy", script)}, args...)...)
		cmd.Env = append(os.Environ(), "SECRETS="+filepath.Join(dir, "secrets"), "PGHOST="+server.Hostname(), "PGPORT="+server.Port(), "PGUSER="+server.User.Username(), "PGPASSWORD="+password)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
	}
	sh("secrets.sh", filepath.Join(dir, "secrets"))
	sh("postgres/init.sh")
	t.Cleanup(func() {
		for _, s := range []string{"DROP DATABASE feeops WITH (FORCE)", "DROP DATABASE temporal", "DROP DATABASE temporal_visibility", "DROP ROLE feeops", "DROP ROLE temporal"} {
			pgtest.Execute(t, server.String(), s)
		}
	})

	binary, err := devstack.TemporalBinary(ctx, func(line string) { t.Log(line) })
	require.NoError(t, err)
	temporal, err := devstack.StartTemporal(ctx, devstack.TemporalOptions{Binary: binary, Dir: dir})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, temporal.Stop(context.Background())) })

	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	chain := l.Addr().String()
	require.NoError(t, l.Close())
	for _, d := range []string{"chain", "data"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, d), 0o700))
	}
	c := composed{t: t, project: project, here: strings.NewReplacer(
		"postgres:5432", server.Host, "temporal:7233", temporal.Address, "localnet:8899", chain, "0.0.0.0:8899", chain, "0.0.0.0:8780", "127.0.0.1:0",
		"/run/secrets", filepath.Join(dir, "secrets"), "/etc/feeops/feeops.yaml", filepath.Join(dir, "feeops.yaml"), "/chain", filepath.Join(dir, "chain"), "/data", filepath.Join(dir, "data"),
	)}
	settings, err := os.ReadFile(filepath.Join(root, "deploy", "local", "feeops.yaml"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "feeops.yaml"), []byte(c.here.Replace(string(settings))), 0o600))

	c.start(c.command("localnet", "--slot-ms", "100"))
	check := project.Services["localnet"].HealthCheck.Test[2:] // Without CMD and the program's path.
	for i, a := range check {
		check[i] = strings.Replace(c.here.Replace(a), "127.0.0.1:8899", chain, 1)
	}
	require.Eventually(t, func() bool { return c.command("worker", check...).Run() == nil }, 30*time.Second, 200*time.Millisecond)
	said := c.run(c.command("setup"))
	require.Contains(t, said, "made     store")
	require.Contains(t, said, "made     retention")
	require.NotContains(t, c.run(c.command("setup")), "made")
	stops := []func(){c.start(c.command("worker")), c.start(c.command("worker"))}
	c.run(c.command("worker", "distribute", "--all", "--yes", "--wait")) // Code 0 is given only if every day is complete.
	for _, stop := range stops {
		stop()
	}

	secret, err := os.ReadFile(filepath.Join(dir, "secrets", "feeops_password"))
	require.NoError(t, err)
	own := *server
	own.User, own.Path = url.UserPassword("feeops", string(secret)), "/feeops"
	db, err := pgx.Connect(ctx, own.String())
	require.NoError(t, err)
	var days int
	require.NoError(t, db.QueryRow(ctx, "SELECT COUNT(*) FROM reports WHERE state = 'complete'").Scan(&days))
	require.Equal(t, 3, days)
	require.NoError(t, db.Close(ctx))
	own.Path = "/temporal"
	_, err = pgx.Connect(ctx, own.String())
	require.ErrorContains(t, err, "permission denied", "feeops cannot read Temporal's tables")
}
