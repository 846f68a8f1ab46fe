// Package backup keeps what the operations would miss in encrypted archives, off the host, and brings it back.
//
// An archive is one object: an age file around zstd around tar. It holds every table of the store as JSON lines, the
// settings without secrets, and the files that the store only names: evidence and saved reports. Its first entry says
// how to read it, its last one what must be in it. Standard tools open it when nothing of feeops is left:
//
//	age --decrypt --identity KEY ID.tar.zst.age | zstd --decompress | tar --extract
//
// Beside it lies a small label, written when the archive is whole; an archive without one was never finished. Nothing is
// ever written over: not an archive, not a store that holds a row, not a file.
package backup
