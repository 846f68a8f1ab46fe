package app

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
)

const deploy = "../../deploy"

func deployed(t *testing.T, parts ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(append([]string{deploy}, parts...)...))
	require.NoError(t, err)
	return b
}

// strict decodes YAML as Prometheus does: a key that it does not know stops it.
func strict(t *testing.T, b []byte, into any) {
	t.Helper()
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	require.NoError(t, d.Decode(into))
}

type ruleFile struct {
	Groups []struct {
		Name  string `yaml:"name"`
		Rules []struct {
			Alert       string            `yaml:"alert"`
			Expr        string            `yaml:"expr"`
			For         string            `yaml:"for"`
			Labels      map[string]string `yaml:"labels"`
			Annotations map[string]string `yaml:"annotations"`
		} `yaml:"rules"`
	} `yaml:"groups"`
}

// labelsOf lists every metric that a worker shows, with its labels; up is Prometheus' own.
func labelsOf(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{"up": {"job", "instance"}}
	for name, series := range gathered(t, full(), noon.Add(time.Second)) {
		labels := []string{"job", "instance"}
		for key := range series {
			for pair := range strings.SplitSeq(strings.TrimSuffix(key, ";"), ";") {
				label, _, _ := strings.Cut(pair, "=")
				labels = append(labels, label)
			}
		}
		out[name] = labels
		if name == "feeops_activity_seconds" {
			for _, suffix := range []string{"_bucket", "_count", "_sum"} {
				out[name+suffix] = append(labels, "le")
			}
		}
	}
	return out
}

var (
	word     = regexp.MustCompile(`[a-zA-Z_:][a-zA-Z0-9_:]*`)
	quoted   = regexp.MustCompile(`"[^"]*"`)
	selector = regexp.MustCompile(`\{([^}]*)\}`)
	listed   = regexp.MustCompile(`\b(?:by|on)\s*\(([^)]*)\)`)
	duration = regexp.MustCompile(`\[\d+[smh]\]`)
	number   = regexp.MustCompile(`\b\d[\de.]*\b`)
	language = strings.Fields("sum min max count absent rate histogram_quantile vector and or unless by on")
)

// checkExpr holds an expression against the metrics: every name in it is one of them, or a word of the language, and
// every label is one that its metrics have.
func checkExpr(t *testing.T, expr string, known map[string][]string) {
	t.Helper()
	require.Empty(t, wrongWith(expr, known), expr)
}

func wrongWith(expr string, known map[string][]string) string {
	if strings.Count(expr, "(") != strings.Count(expr, ")") {
		return "a parenthesis stands alone"
	}
	var labels []string
	plain := quoted.ReplaceAllString(expr, `""`)
	for _, m := range append(selector.FindAllStringSubmatch(plain, -1), listed.FindAllStringSubmatch(plain, -1)...) {
		labels = append(labels, word.FindAllString(m[1], -1)...)
	}
	plain = selector.ReplaceAllString(listed.ReplaceAllString(plain, ""), "")
	plain = number.ReplaceAllString(duration.ReplaceAllString(plain, ""), "")
	var has []string
	metrics := 0
	for _, w := range word.FindAllString(plain, -1) {
		if slices.Contains(language, w) {
			continue
		}
		if _, ok := known[w]; !ok {
			return "there is no metric " + w
		}
		has = append(has, known[w]...)
		metrics++
	}
	if metrics == 0 {
		return "it asks for no metric"
	}
	for _, l := range labels {
		if !slices.Contains(has, l) {
			return "its metrics have no label " + l
		}
	}
	return ""
}

func TestWrongWith_FindsWrongNamesAndLabels(t *testing.T) {
	known := labelsOf(t)
	for bad, want := range map[string]string{
		`sum(feeops_vault_stat)`:            "there is no metric feeops_vault_stat",
		`sum by (vlt) (feeops_vault_state)`: "its metrics have no label vlt",
		`feeops_vault_state{stat="x"}`:      "its metrics have no label stat",
		`sum((feeops_vault_state)`:          "a parenthesis stands alone",
		`vector(0)`:                         "it asks for no metric",
	} {
		require.Equal(t, want, wrongWith(bad, known))
	}
}

func TestDeploy_RulesNameMetricsLabelsAndRunbooksThatExist(t *testing.T) {
	var rules ruleFile
	strict(t, deployed(t, "prometheus", "rules.yml"), &rules)
	known := labelsOf(t)
	n := 0
	for _, g := range rules.Groups {
		require.NotEmpty(t, g.Name)
		for _, r := range g.Rules {
			n++
			require.Regexp(t, `^Feeops[A-Za-z]+$`, r.Alert)
			checkExpr(t, r.Expr, known)
			if r.For != "" {
				_, err := time.ParseDuration(r.For)
				require.NoError(t, err)
			}
			_, err := domain.ParseSeverity(r.Labels["severity"])
			require.NoError(t, err, r.Alert)
			require.NotEmpty(t, r.Annotations["summary"])
			_, err = os.Stat(filepath.Join("..", "..", r.Annotations["runbook"]))
			require.NoError(t, err)
		}
	}
	require.Greater(t, n, 5)
}

func TestDeploy_PrometheusLoadsTheRulesAndScrapesTheWorkersDefaultAddress(t *testing.T) {
	var p struct {
		Global        map[string]string `yaml:"global"`
		RuleFiles     []string          `yaml:"rule_files"`
		ScrapeConfigs []struct {
			JobName       string `yaml:"job_name"`
			StaticConfigs []struct {
				Targets []string `yaml:"targets"`
			} `yaml:"static_configs"`
		} `yaml:"scrape_configs"`
	}
	strict(t, deployed(t, "prometheus", "prometheus.yml"), &p)
	for _, f := range p.RuleFiles {
		deployed(t, "prometheus", f)
	}
	require.Equal(t, "feeops", p.ScrapeConfigs[0].JobName)
	require.Equal(t, []string{config.Default().Worker.Listen}, p.ScrapeConfigs[0].StaticConfigs[0].Targets)
}

func TestDeploy_DashboardsAskForMetricsThatExist(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(deploy, "grafana", "*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	known := labelsOf(t)
	asked := map[string]bool{}
	for _, file := range files {
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		var d struct {
			UID, Title    string
			SchemaVersion int
			Templating    struct {
				List []struct {
					Name, Type string
					Query      any
				}
			}
			Panels []struct {
				ID         int
				Title      string
				Datasource struct{ UID string }
				Targets    []struct{ Expr string }
			}
		}
		require.NoError(t, json.Unmarshal(b, &d))
		require.NotEmpty(t, d.UID)
		require.Positive(t, d.SchemaVersion)
		ids := map[int]bool{}
		for _, p := range d.Panels {
			require.False(t, ids[p.ID], "panel %d stands twice", p.ID)
			ids[p.ID] = true
			require.Equal(t, "${datasource}", p.Datasource.UID, "it loads without edits into any Grafana")
			require.NotEmpty(t, p.Targets, p.Title)
			for _, target := range p.Targets {
				checkExpr(t, target.Expr, known)
				for _, w := range word.FindAllString(target.Expr, -1) {
					asked[w] = true
				}
			}
		}
		for _, v := range d.Templating.List {
			if q, ok := v.Query.(map[string]any); ok {
				require.Regexp(t, `^label_values\((\w+), (\w+)\)$`, q["query"])
				parts := word.FindAllString(q["query"].(string), -1)
				require.Contains(t, known[parts[1]], parts[2])
			}
		}
	}
	for _, d := range descs() {
		name := regexp.MustCompile(`fqName: "(\w+)"`).FindStringSubmatch(d.String())[1]
		require.Contains(t, known, name, "the full look shows it")
		if !slices.Contains([]string{"feeops_vault_cursor", "feeops_vault_sample_age_seconds", "feeops_vault_base_fee_base_units", "feeops_monitor_look_age_seconds"}, name) {
			require.True(t, asked[name], "no panel shows %s", name)
		}
	}
}
