package domain

// CheckResult is a check's verdict. Unknown is a value of its own: a failed read is never "ok" (P06).
type CheckResult string

// Verdicts, from best to worst.
const (
	CheckOK      CheckResult = "ok"
	CheckWarn    CheckResult = "warn"
	CheckUnknown CheckResult = "unknown"
	CheckFail    CheckResult = "fail"
)

// Check is one pre-distribution check with what was seen and what was wanted (P01).
type Check struct {
	Row       string      `json:"row"`       // Row of the requirements, such as P08.
	Name      string      `json:"name"`      // Stable snake_case name.
	Result    CheckResult `json:"result"`    //
	Observed  string      `json:"observed"`  // What the chain, the clock or the settings said.
	Threshold string      `json:"threshold"` // What was wanted.
	Next      string      `json:"next,omitempty"`
	Code      string      `json:"code,omitempty"` // Of a reason that has one of its own, such as router/6001.
}

// Checks is a whole evaluation: all of them ran, whatever the first said.
type Checks []Check

// Worst is the overall verdict; an empty list was never evaluated and is unknown.
func (c Checks) Worst() CheckResult {
	if len(c) == 0 {
		return CheckUnknown
	}
	rank := map[CheckResult]int{CheckOK: 0, CheckWarn: 1, CheckUnknown: 2, CheckFail: 3}
	worst := CheckOK
	for _, one := range c {
		if rank[one.Result] > rank[worst] {
			worst = one.Result
		}
	}
	return worst
}

// Blocking are the checks that keep money from moving: failed ones, and those whose answer is not known.
func (c Checks) Blocking() Checks {
	var out Checks
	for _, one := range c {
		if one.Result == CheckFail || one.Result == CheckUnknown {
			out = append(out, one)
		}
	}
	return out
}
