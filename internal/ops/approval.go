package ops

import (
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/operator"
)

// Judgement is a plan held against the vault's own past, and who may approve it all the same.
type Judgement struct {
	Findings []domain.Anomaly `json:"findings,omitempty"` // None: it is a day like the others.
	Past     int              `json:"past"`               // Days that it was compared with.
	Timeout  time.Duration    `json:"timeout_ns,omitempty"`
	Roster   operator.Roster  `json:"roster,omitempty"`
}

// ApprovalView is what a person is asked, and what came of it.
type ApprovalView struct {
	Request  string           `json:"request"` // VAULT/DAY.
	Hash     string           `json:"hash"`    // Of the plan, which is what is signed.
	Findings []domain.Anomaly `json:"findings"`
	Past     int              `json:"past"`
	Expires  time.Time        `json:"expires"` // Then the day counts as refused.
	By       string           `json:"by,omitempty"`
}

// ApprovalAnswer is the result of the update approve-plan.
type ApprovalAnswer struct {
	Vault string     `json:"vault"`
	Day   domain.Day `json:"day"`
	By    string     `json:"by"`
}

// ApprovalRecord is what the audit log is told of an approval.
type ApprovalRecord struct {
	Vault    string            `json:"vault"`
	Day      domain.Day        `json:"day"`
	Hash     string            `json:"hash"`
	Findings []domain.Anomaly  `json:"findings"`
	Approval operator.Approval `json:"approval"`
}

// ApprovalID names what is approved.
func ApprovalID(vault string, day domain.Day) string { return vault + "/" + string(day) }

// The activities of the anomaly gate.
var (
	JudgePlan      = Activity[DayRef, Judgement]{"JudgePlan", Read}
	RecordApproval = Activity[ApprovalRecord, struct{}]{"RecordApproval", Save}
)
