package workflows

// Changes of workflow code that runs of an earlier version do not know. Each stands beside a recorded history from before
// it in testdata/histories, because the test environment only walks the newest branch.
const (
	changeTidyTables = "tidy-tables" // Tables that no page needs are closed after the reconciliation.
)
