package app

import (
	"path/filepath"
	"strings"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/report/sheet"
)

// attachedBytes bounds the files of a message together: most mail servers refuse more than ten megabytes, and what is
// attached grows by a third on its way there.
const attachedBytes = 7 << 20

// attach reads the saved reports that a message names. One that cannot be read, because it lies on another worker's disk
// or is too large, is named in the message with the reason, and the message goes out all the same.
func (p people) attach(m domain.Message) domain.Message {
	if len(m.Attach) == 0 {
		return m
	}
	m.Files = map[string][]byte{}
	var lacks []string
	left := int64(attachedBytes)
	for _, name := range m.Attach {
		body, err := sheet.Read(p.reports, name, left)
		if err != nil {
			lacks = append(lacks, "not attached: "+err.Error())
			continue
		}
		left -= int64(len(body))
		m.Files[filepath.Base(name)] = body
	}
	if m.Lacks = strings.Join(lacks, "; "); m.Lacks != "" {
		m.Text = strings.TrimRight(m.Text, "\n") + "\n" + strings.Join(lacks, "\n") + "\n"
	}
	return m
}
