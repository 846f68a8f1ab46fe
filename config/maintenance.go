package config

// Maintenance says what the weekly maintenance looks at (W01–W15).
type Maintenance struct {
	DiskFreePercent   uint8  `json:"disk_free_percent" validate:"min=1,max=99" jsonschema_description:"Least free space of the file systems that hold the store and the reports."`
	MemoryFreePercent uint8  `json:"memory_free_percent" validate:"min=1,max=99" jsonschema_description:"Least memory that is available."`
	LoadPercent       uint32 `json:"load_percent" validate:"min=10,max=10000" jsonschema_description:"Highest load of each processor over 15 minutes; 100 is one busy all the time."`
	RankSamples       uint32 `json:"rank_samples" validate:"min=1,max=100" jsonschema_description:"Questions to each endpoint when they are ranked."`
	FollowRanking     bool   `json:"follow_ranking" jsonschema_description:"Follow the measured order of the endpoints, unless none is healthy. false only reports it; feeops rpc rank --apply follows it by hand."`
	Govulncheck       string `json:"govulncheck" validate:"required,max=4096" jsonschema_description:"Program that looks for known vulnerabilities in the worker. Where it is not installed the report says not assessed."`
	ModuleProxy       string `json:"module_proxy" validate:"max=4096" jsonschema_description:"GOPROXY setting whose first server is asked for newer versions of the program's libraries. Empty: nobody is asked, and the report says not assessed."`
}
