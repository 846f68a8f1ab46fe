package incident_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/incident"
	"github.com/meteora-fee-router/feeops/internal/router"
)

const root = "../.."

// exact is true when the code has a row of its own.
func exact(code string) bool {
	for _, r := range incident.Table() {
		if r.Code == code {
			return true
		}
	}
	return false
}

func TestS03_EveryRouterErrorHasItsRow(t *testing.T) {
	for code := router.CodeInvalidQuoteMint; code.Router(); code++ {
		require.True(t, exact(fmt.Sprintf("router/%d", code)), "router/%d %s has no row", code, code.Name())
	}
	require.False(t, exact("router/6035"))
}

func TestTable_EachCodeStandsOnceAndWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range incident.Table() {
		require.False(t, seen[r.Code], "%s stands twice", r.Code)
		seen[r.Code] = true
		require.NotEmpty(t, r.Title, r.Code)
		require.NotEmpty(t, r.Class, r.Code)
		if r.Severity.Rank() >= domain.SeverityMedium.Rank() {
			require.NotEmpty(t, r.Runbook, "%s: a runbook stands from medium on", r.Code)
		}
	}
}

// TestTable_EveryCodeOfTheSourceHasARow reads the source: a fault that is added without a row fails here.
func TestTable_EveryCodeOfTheSourceHasARow(t *testing.T) {
	found := 0
	for code, places := range codesOfTheSource(t) {
		found++
		if prefix, ok := strings.CutSuffix(code, "…"); ok {
			require.True(t, exact(prefix+"*"), "%s begins codes at %v and has no row", prefix, places)
			continue
		}
		// What is wrong with an account of a vault is one row, since the cure is one; so is what a channel says, what the
		// safety switch refuses, and what a backup lacks.
		prefix, _, _ := strings.Cut(code, "/")
		one := prefix == "vault" || prefix == "refused" || prefix == "backup" || strings.Contains(places[0], "/internal/notify")
		require.True(t, exact(code) || one && exact(prefix+"/*"), "code %q of %v has no row in internal/incident", code, places)
	}
	require.Greater(t, found, 60)
}

// codesOfTheSource finds the codes that calls of fault.New and fault.Newf carry, those of the tables around them, and
// where each stands. One that is put together gives its beginning and an ellipsis.
func codesOfTheSource(t *testing.T) map[string][]string {
	t.Helper()
	codes := map[string][]string{}
	for _, dir := range []string{"internal", "activities", "workflows"} {
		require.NoError(t, filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil || !d.IsDir():
				return err
			case d.Name() == "localnet": // A chain, which knows no faults of ours.
				return fs.SkipDir
			}
			for code, where := range codesOf(t, path) {
				codes[code] = append(codes[code], where...)
			}
			return nil
		}))
	}
	return codes
}

// second are the functions whose second argument is a code, by the prefix that they put before it.
var second = map[string]string{"fault.New": "", "fault.Newf": "", "feefault.New": "", "feefault.Newf": "", "vaultFault": "vault/"}

// variable are the arguments that are no constants: their values are found as the keys and values of tables, or in
// the tests of the package.
var variable = map[string]bool{"code": true, "CodeOf": true}

func codesOf(t *testing.T, dir string) map[string][]string {
	t.Helper()
	var files []*ast.File
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	set := token.NewFileSet()
	constants := map[string]string{}
	for _, e := range entries {
		if e.IsDir() || !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(set, filepath.Join(dir, e.Name()), nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		files = append(files, file)
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok {
				for i, name := range spec.Names {
					if i < len(spec.Values) {
						if text, ok := literal(spec.Values[i]); ok {
							constants[name.Name] = text
						}
					}
				}
			}
			return true
		})
	}
	codes := map[string][]string{}
	add := func(code string, at token.Pos) { codes[code] = append(codes[code], set.Position(at).String()) }
	for name, value := range constants {
		if strings.HasPrefix(name, "Code") && strings.ToLower(value) == value && !strings.Contains(value, " ") && dir != filepath.Join(root, "internal", "router") {
			codes[value] = append(codes[value], dir+": "+name)
		}
	}
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if name := called(n); name == "d.fails" || name == "d.unreconciled" { // A day's own reasons.
					if text, ok := literal(n.Args[0]); ok {
						add(text, n.Args[0].Pos())
					}
					return true
				}
				prefix, ok := second[called(n)]
				if strings.Contains(dir, "/internal/notify") && ok && len(n.Args) > 1 {
					if _, isLiteral := n.Args[1].(*ast.BasicLit); !isLiteral {
						return true // Put together from a channel's name and its status; each channel has one row.
					}
				}
				if !ok && called(n) == "coded" && len(n.Args) == 2 {
					n = &ast.CallExpr{Fun: n.Fun, Args: []ast.Expr{nil, n.Args[0]}, Lparen: n.Lparen}
					ok = true
				}
				if !ok || len(n.Args) < 2 {
					return true
				}
				switch arg := n.Args[1].(type) {
				case *ast.BasicLit:
					text, _ := literal(arg)
					add(prefix+text, arg.Pos())
				case *ast.Ident:
					text, known := constants[arg.Name]
					if known {
						add(prefix+text, arg.Pos())
						return true
					}
					require.True(t, variable[arg.Name], "%s: the code %q cannot be followed; use a constant", set.Position(arg.Pos()), arg.Name)
				case *ast.BinaryExpr:
					text, ok := literal(arg.X)
					require.True(t, ok, "%s: the code cannot be followed; begin it with a literal", set.Position(arg.Pos()))
					add(prefix+text+"…", arg.Pos())
				case *ast.SelectorExpr: // Another package's constant: found there.
				default:
					require.Fail(t, "a code that cannot be followed", "%s", set.Position(n.Lparen))
				}
			case *ast.KeyValueExpr: // The tables of verdicts, and Rehearsal{Code: …}.
				if text, ok := literal(n.Key); ok && isCode(text) {
					add(text, n.Pos())
				}
			case *ast.AssignStmt: // r.Code, r.Reason = "preflight/cursor", …
				for _, value := range n.Rhs {
					if text, ok := literal(value); ok && isCode(text) && strings.HasPrefix(text, "preflight/") {
						add(text, n.Pos())
					}
				}
			}
			return true
		})
	}
	return codes
}

// called names the function of a call, with its package.
func called(n *ast.CallExpr) string {
	switch f := n.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		if x, ok := f.X.(*ast.Ident); ok {
			return x.Name + "." + f.Sel.Name
		}
	}
	return ""
}

func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}

// isCode is true for what looks like router/6001.
func isCode(text string) bool {
	first, rest, ok := strings.Cut(text, "/")
	return ok && rest != "" && !strings.ContainsAny(text, " .:%") && strings.Contains(" router anchor tx ix preflight custom program ", " "+first+" ")
}

func TestClassify(t *testing.T) {
	cursor := uint32(15)
	tests := []struct {
		name     string
		give     domain.Failure
		severity domain.Severity
		response domain.Response
		cause    string
	}{
		{"base fees are critical by their code (S04)", domain.Failure{Code: "router/6001"}, domain.SeverityCritical, domain.ResponseCritical, "base_fees"},
		{"the words alone are nothing (S04)", domain.Failure{Code: "rpc/429", Message: "BaseFeeDetected security corruption"}, domain.SeverityLow, domain.ResponseStandard, "network"},
		{"a stated security signal is critical", domain.Failure{Code: "security/authority_changed"}, domain.SeverityCritical, domain.ResponseCritical, "security:security/authority_changed"},
		{"the signing policy is a security signal", domain.Failure{Code: "signer/refused"}, domain.SeverityCritical, domain.ResponseCritical, "security"},
		{"a cursor that differs is high (S05)", domain.Failure{Code: "router/6005", PageSize: 15, Cursor: &cursor}, domain.SeverityHigh, domain.ResponseHigh, "cursor"},
		{"6005 for a page size is a setting (S05)", domain.Failure{Code: "router/6005", PageSize: 51}, domain.SeverityMedium, domain.ResponseStandard, "page_size"},
		{"6005 without context is taken for the worse", domain.Failure{Code: "router/6005"}, domain.SeverityHigh, domain.ResponseHigh, "cursor"},
		{"corruption is high", domain.Failure{Code: "manifest/corrupt"}, domain.SeverityHigh, domain.ResponseHigh, "corruption"},
		{"cooldown is no incident (S06)", domain.Failure{Code: "router/6002"}, "", domain.ResponseNone, "benign"},
		{"complete is no incident (S06)", domain.Failure{Code: "router/6020"}, "", domain.ResponseNone, "benign"},
		{"stopped is no incident", domain.Failure{Code: "stopped"}, "", domain.ResponseNone, "benign"},
		{"the payer needs SOL (S06)", domain.Failure{Code: "payer_low"}, domain.SeverityMedium, domain.ResponseStandard, "payer_short"},
		{"the treasury has lost money (S06)", domain.Failure{Code: "treasury_low"}, domain.SeverityHigh, domain.ResponseHigh, "treasury_short"},
		{"the network is low (S07)", domain.Failure{Code: "rpc/unavailable"}, domain.SeverityLow, domain.ResponseStandard, "network"},
		{"an unknown program error is at least medium (S07)", domain.Failure{Code: "program/9xQe/77"}, domain.SeverityMedium, domain.ResponseStandard, "program:program/9xQe/77"},
		{"another one is another cause", domain.Failure{Code: "custom/78"}, domain.SeverityMedium, domain.ResponseStandard, "program:custom/78"},
		{"a code of the future is at least medium", domain.Failure{Code: "quantum/1"}, domain.SeverityMedium, domain.ResponseStandard, "unclassified:quantum/1"},
		{"no code at all is at least medium", domain.Failure{Kind: domain.FailureFailed}, domain.SeverityMedium, domain.ResponseStandard, "unclassified"},
		{"a lost day is high, whatever lost it", domain.Failure{Code: "rpc/429", Kind: domain.FailureLost}, domain.SeverityHigh, domain.ResponseHigh, "network"},
		{"books that differ are high", domain.Failure{Kind: domain.FailureUnreconciled}, domain.SeverityHigh, domain.ResponseHigh, "unreconciled"},
		{"a person's judgement counts", domain.Failure{Code: "manual", Kind: domain.FailureStated, Severity: domain.SeverityHigh}, domain.SeverityHigh, domain.ResponseHigh, "stated:manual"},
		{"an alert's judgement counts", domain.Failure{Code: "alert/deadline_30m", Kind: domain.FailureStated, Severity: domain.SeverityCritical}, domain.SeverityCritical, domain.ResponseCritical, "stated:alert/deadline_30m"},
		{"nobody talks a failure down", domain.Failure{Code: "router/6001", Severity: domain.SeverityLow}, domain.SeverityCritical, domain.ResponseCritical, "base_fees"},
		{"what is benign and stated all the same is an incident", domain.Failure{Code: "stopped", Kind: domain.FailureStated, Severity: domain.SeverityMedium}, domain.SeverityMedium, domain.ResponseStandard, "benign"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := incident.Classify(tt.give)
			require.Equal(t, tt.severity, v.Severity)
			require.Equal(t, tt.response, v.Response())
			require.Equal(t, tt.cause, v.Cause)
		})
	}
}
