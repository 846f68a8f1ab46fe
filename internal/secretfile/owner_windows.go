package secretfile

import "io/fs"

// ownerOf knows nothing of users here.
func ownerOf(fs.FileInfo) (int, bool) { return 0, false }
