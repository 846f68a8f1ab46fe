package app

import (
	"cmp"
	"errors"

	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/build"
)

// errNoBuild keeps a worker from taking part in a deployment without saying which program it is.
var errNoBuild = errors.New("worker.deployment is set, and this program does not know its build: set worker.build_id, or build it from a clean checkout (docs/production.md)")

// deployment makes the worker a build of a deployment, when the settings say so. Running days go over to the build that
// is made current: their code keeps replaying older histories, and a day must not wait for workers that are gone (ADR 0021).
func deployment(s config.Settings) (worker.DeploymentOptions, error) {
	if s.Worker.Deployment == "" {
		return worker.DeploymentOptions{}, nil
	}
	id := BuildID(s)
	if id == "" {
		return worker.DeploymentOptions{}, fault(errNoBuild)
	}
	return worker.DeploymentOptions{
		UseVersioning:             true,
		Version:                   worker.WorkerDeploymentVersion{DeploymentName: s.Worker.Deployment, BuildID: id},
		DefaultVersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
	}, nil
}

// BuildID is the build that a worker with these settings claims to be; empty when it is not known.
func BuildID(s config.Settings) string { return cmp.Or(s.Worker.BuildID, build.ID()) }
