package workflows_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"github.com/meteora-fee-router/feeops/workflows"
)

// unrecorded are workflow types that may be without a recorded history, with the reason. It stays empty as long as every
// type can be run by TestRecordHistories of internal/e2e.
var unrecorded = map[string]string{}

// types notes what is registered, as the worker's registry would name it.
type types []string

func (t *types) RegisterWorkflow(w any) { t.RegisterWorkflowWithOptions(w, workflow.RegisterOptions{}) }

func (t *types) RegisterWorkflowWithOptions(w any, o workflow.RegisterOptions) {
	name := o.Name
	if name == "" {
		name = runtime.FuncForPC(reflect.ValueOf(w).Pointer()).Name()
		name = strings.TrimSuffix(name[strings.LastIndex(name, ".")+1:], "-fm") // So the method of a value is called.
	}
	*t = append(*t, name)
}

func (t *types) RegisterDynamicWorkflow(any, workflow.DynamicRegisterOptions) {
	panic("a dynamic workflow has no type of its own, so no history can stand for it")
}

// recorded counts the histories by workflow type.
func recorded(t *testing.T) map[string]int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "histories", "*.json"))
	require.NoError(t, err)
	out := map[string]int{}
	for _, file := range files {
		body, err := os.ReadFile(file)
		require.NoError(t, err)
		var h struct {
			Events []struct {
				Started struct {
					Type struct {
						Name string `json:"name"`
					} `json:"workflowType"`
				} `json:"workflowExecutionStartedEventAttributes"`
			} `json:"events"`
		}
		require.NoError(t, json.Unmarshal(body, &h), file)
		require.NotEmpty(t, h.Events, file)
		name := h.Events[0].Started.Type.Name
		require.NotEmpty(t, name, "%s does not begin with a start", file)
		out[name]++
	}
	return out
}

// TestHistories_EveryWorkflowTypeHasOne keeps a type from being released without a run that later code is held against:
// with worker.deployment running workflows go over to every new build (ADR 0021).
func TestHistories_EveryWorkflowTypeHasOne(t *testing.T) {
	var registered types
	workflows.Register(&registered)
	workflows.RegisterSafety(&registered)
	require.Contains(t, registered, "DailyDistribution")
	have := recorded(t)
	var missing []string
	for _, name := range registered {
		if reason, ok := unrecorded[name]; ok {
			require.Zero(t, have[name], "%s has a history now: take it off the list", name)
			require.NotEmpty(t, reason, "%s: say why it has none", name)
		} else if have[name] == 0 {
			missing = append(missing, name)
		}
	}
	require.Empty(t, missing, "These workflow types have no recorded history: %s.\nRun each to its end in TestRecordHistories of internal/e2e, call w.keep there, and record it:\n\tgo test ./internal/e2e -run TestRecord -record", strings.Join(missing, ", "))
	for name := range have {
		require.True(t, slices.Contains(registered, name), "histories of %s stand here, and no such type is registered: runs of it that are under way would stand still", name)
	}
	for name := range unrecorded {
		require.True(t, slices.Contains(registered, name), "%s is excused and not registered", name)
	}
}
