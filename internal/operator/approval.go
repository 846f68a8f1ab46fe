package operator

import (
	"crypto/ed25519"
	"encoding/base64"
	"regexp"
	"strings"
	"time"

	"github.com/meteora-fee-router/feeops/internal/fault"
)

// Lifetime is how long an approval counts at most. What somebody saw a quarter of an hour ago may be true no more.
const Lifetime = 15 * time.Minute

// skew is how far the signer's clock may run ahead of the judge's.
const skew = time.Minute

// Decision is what an approval approves. It is signed, so that a signature for one thing never serves another.
type Decision string

// Decisions.
const (
	Resume  Decision = "resume"  // Lift a stop.
	Release Decision = "release" // Bring one isolated vault back.
	Plan    Decision = "plan"    // Pay a day whose plan lies outside the vault's usual figures.
)

// Approval is one person's signed yes to one state of the safety switch, or to one plan.
type Approval struct {
	Decision  Decision  `json:"decision"`
	Request   string    `json:"request"` // Id of the request; for a release the vault, for a plan VAULT/DAY.
	State     string    `json:"state"`   // Hash of what was seen: flags, checks, waivers; for a plan that of the manifest.
	Operator  string    `json:"operator"`
	Expires   time.Time `json:"expires"` // Whole seconds.
	Signature string    `json:"signature"`
}

// Codes of refusals. They are stable: scripts and the audit log hold them.
const (
	CodeMalformed = "refused/malformed"
	CodeUnknown   = "refused/unknown_operator"
	CodeRole      = "refused/role"
	CodeRetired   = "refused/operator_expired"
	CodeWrongKey  = "refused/wrong_key"
	CodeExpired   = "refused/approval_expired"
	CodeTooLong   = "refused/approval_too_long"
	CodeSame      = "refused/same_person"
)

// NamePattern fits names of operators and ids of requests into one line of the signed text.
const NamePattern = `^[A-Za-z0-9][A-Za-z0-9._@/-]{0,99}$`

var (
	namePattern = regexp.MustCompile(NamePattern)
	hashPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// Text is what is signed: one field a line, in a fixed order, each of characters that end no line. No two different
// approvals have the same text. The first line keeps the signature from meaning anything elsewhere.
func (a Approval) Text() (string, error) {
	switch {
	case a.Decision != Resume && a.Decision != Release && a.Decision != Plan:
		return "", malformed("decision %q: want %s, %s or %s", a.Decision, Resume, Release, Plan)
	case !namePattern.MatchString(a.Request):
		return "", malformed("request %q is no id", clip(a.Request))
	case !hashPattern.MatchString(a.State):
		return "", malformed("state %q is no hash of 64 hexadecimal digits", clip(a.State))
	case !namePattern.MatchString(a.Operator):
		return "", malformed("operator %q is no name", clip(a.Operator))
	case a.Expires.IsZero() || a.Expires.Nanosecond() != 0 || a.Expires.Year() < 2000 || a.Expires.Year() > 9999:
		return "", malformed("expires: want a time in whole seconds")
	}
	return strings.Join([]string{
		"feeops approval v1",
		"decision: " + string(a.Decision),
		"request: " + a.Request,
		"state: " + a.State,
		"operator: " + a.Operator,
		"expires: " + a.Expires.UTC().Format(time.RFC3339),
		"",
	}, "\n"), nil
}

// Sign completes an approval.
func Sign(key ed25519.PrivateKey, a Approval) (Approval, error) {
	text, err := a.Text()
	if err != nil {
		return a, err
	}
	a.Signature = base64.StdEncoding.EncodeToString(ed25519.Sign(key, []byte(text)))
	return a, nil
}

// Verify says whether the approval counts now: signed by a person of the roster who has one of the roles and whose time
// is not over, and neither expired nor made to last too long. It does not know what was approved; that is the caller's
// to compare. Refusals are Human with one of the codes above.
func (r Roster) Verify(a Approval, now time.Time, roles ...Role) error {
	text, err := a.Text()
	if err != nil {
		return err
	}
	signature, err := base64.StdEncoding.Strict().DecodeString(a.Signature)
	if err != nil || len(signature) != ed25519.SignatureSize {
		return malformed("signature: want 64 bytes in base64")
	}
	person, known := r.Find(a.Operator)
	if !known {
		return refuse(CodeUnknown, "%s is no operator of the settings", a.Operator).WithNext("Add the operator to the worker's settings and start the worker again")
	}
	key, err := ParseKey(person.Key)
	switch {
	case err != nil:
		return refuse(CodeWrongKey, "%s has no public key in the settings", a.Operator).WithNext("Make one with feeops operator keygen")
	case !ed25519.Verify(key, []byte(text), signature):
		return refuse(CodeWrongKey, "the signature is not %s's, or something in the approval was changed after it was signed", a.Operator)
	case person.Expired(now):
		return refuse(CodeRetired, "%s was an operator until %s", a.Operator, person.Expires.UTC().Format(time.RFC3339))
	case !person.Has(roles...):
		return refuse(CodeRole, "%s has the roles %v, and one of %v is needed", a.Operator, person.Roles, roles)
	case !now.Before(a.Expires):
		return refuse(CodeExpired, "the approval of %s counted until %s", a.Operator, a.Expires.UTC().Format(time.RFC3339)).WithNext("Look at the request again, and sign anew")
	case a.Expires.Sub(now) > Lifetime+skew:
		return refuse(CodeTooLong, "the approval of %s would count until %s, and %s is the longest", a.Operator, a.Expires.UTC().Format(time.RFC3339), Lifetime)
	}
	return nil
}

// Different refuses a second approval by the person who gave the first, whatever name it is given under: a key that
// stands twice in the settings is one person.
func (r Roster) Different(first, second string) error {
	one, _ := r.Find(first)
	two, _ := r.Find(second)
	if first == second || one.Key != "" && one.Key == two.Key {
		return refuse(CodeSame, "%s has approved already, and two different people are needed", first)
	}
	return nil
}

func malformed(format string, args ...any) error {
	return refuse(CodeMalformed, "the approval cannot be read: "+format, args...)
}

func refuse(code, format string, args ...any) *fault.Error {
	return fault.Newf(fault.Human, code, format, args...)
}

// clip keeps hostile text short in a message.
func clip(s string) string {
	if len(s) > 60 {
		return s[:60] + "…"
	}
	return s
}
