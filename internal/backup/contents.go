package backup

import (
	"time"

	"github.com/meteora-fee-router/feeops/internal/store"
)

// Names of entries. The head is the first one, the contents are the last one.
const (
	headName     = "backup.json"
	settingsName = "settings.json"
	contentsName = "contents.json"
	tablesDir    = "store/"
	filesDir     = "files/"
)

// Head is the first entry of an archive.
type Head struct {
	Format     int           `json:"format"`
	ID         string        `json:"id"`
	MadeAt     time.Time     `json:"made_at"`
	Deployment string        `json:"deployment"`
	Program    string        `json:"program"`
	Database   string        `json:"database"` // Kind that it was taken of; it restores into either.
	Migrations []int64       `json:"migrations"`
	Tables     []store.Shape `json:"tables"`
}

// Contents are the last entry: what must have been read before it.
type Contents struct {
	Entries []Entry          `json:"entries"`
	Tables  map[string]Table `json:"tables"`
}

// Entry is one file in the archive.
type Entry struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Table is one table of the store, as its rows stand in the archive.
type Table struct {
	Rows   int64  `json:"rows"`
	SHA256 string `json:"sha256"` // Over all its lines.
}

// Rows counts those of all tables.
func (c Contents) Rows() int64 {
	var n int64
	for _, t := range c.Tables {
		n += t.Rows
	}
	return n
}

// Files counts the files that are not of the store.
func (c Contents) Files() int {
	n := 0
	for _, e := range c.Entries {
		if len(e.Name) > len(filesDir) && e.Name[:len(filesDir)] == filesDir {
			n++
		}
	}
	return n
}

// Folder is a directory of files that the store only names, under the name that it has in archives.
type Folder struct {
	Name string
	Dir  string
}

// Names of folders in archives.
const (
	FolderEvidence = "evidence"
	FolderReports  = "reports"
)
