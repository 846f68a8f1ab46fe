package app

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/meteora-fee-router/feeops/config"
)

func TestModules_EveryDependencyHasAProvider(t *testing.T) {
	require.NoError(t, fx.ValidateApp(fx.Supply(config.Default()), Modules()))
}
