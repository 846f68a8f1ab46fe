package audit

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	// emptyHash stands for the hash of a log without entries.
	emptyHash = "none"
	// maxText bounds a text that is searched for heads: a year of a worker's log.
	maxText = 256 << 20
)

// word is a head as one word: version, entries, hash, nanoseconds since 1970, key and signature, all of letters and digits.
var word = regexp.MustCompile(`feeops-head-(\d{1,9})-(\d{1,18})-(none|[0-9a-f]{64})-(\d{1,19})-([0-9a-f]{64})-([0-9a-f]{128})`)

// Word writes the head as one word, for channels: chat programs and mails change quotes, break lines and mark quotations,
// and a word survives that. ReadHeads finds it in any text.
func (h Head) Word() (string, error) {
	signature, err := base64.StdEncoding.DecodeString(h.Signature)
	if err != nil {
		return "", fmt.Errorf("audit head: signature: %w", err)
	}
	hash := h.Hash
	if hash == "" {
		hash = emptyHash
	}
	out := fmt.Sprintf("feeops-head-%d-%d-%s-%d-%s-%s", h.Version, h.Entries, hash, h.At.UnixNano(), h.Key, hex.EncodeToString(signature))
	if word.FindString(out) != out {
		return "", errors.New("audit head: it cannot be written as one word")
	}
	return out, nil
}

// FindWords finds the heads that stand as words in a text, whatever was put between their parts: line breaks, marks of a
// quotation, invisible spaces. A word whose numbers are too large for a head is none.
func FindWords(text string) []Head {
	plain := strings.Map(func(r rune) rune {
		if r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, text)
	var out []Head
	for _, m := range word.FindAllStringSubmatch(plain, -1) {
		version, err := strconv.Atoi(m[1])
		entries, err2 := strconv.ParseInt(m[2], 10, 64)
		at, err3 := strconv.ParseInt(m[4], 10, 64)
		signature, err4 := hex.DecodeString(m[6])
		if errors.Join(err, err2, err3, err4) != nil {
			continue
		}
		hash := m[3]
		if hash == emptyHash {
			hash = ""
		}
		out = append(out, Head{
			Version: version, Entries: entries, Hash: hash, At: time.Unix(0, at).UTC(), Key: m[5], Signature: base64.StdEncoding.EncodeToString(signature),
		})
	}
	return out
}

// maxHeads bounds a file of heads: one an hour for a hundred years.
const maxHeads = 1 << 20

// ReadHeads reads heads that follow each other in JSON, as the worker appends them to its file, or those that stand as
// words in a text: a message of a channel, a mail, the worker's log.
func ReadHeads(r io.Reader) ([]Head, error) {
	b := bufio.NewReaderSize(r, 64<<10)
	begin, err := b.Peek(64 << 10)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	notJSON := decodeHead(begin)
	if notJSON == nil {
		return readJSON(b)
	}
	text, err := io.ReadAll(io.LimitReader(b, maxText+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > maxText:
		return nil, fmt.Errorf("more than %d MiB of text: give the part with the heads", maxText>>20)
	case len(bytes.TrimSpace(text)) == 0:
		return nil, errors.New("there is no head in it")
	}
	found := FindWords(string(text))
	if len(found) == 0 {
		return nil, fmt.Errorf("there is no head in it: neither a word feeops-head-1-… as channels show it, nor JSON as feeops audit head prints it (%w)", notJSON)
	}
	return found, nil
}

// decodeHead says whether a text begins with a head in JSON.
func decodeHead(begin []byte) error {
	d := json.NewDecoder(bytes.NewReader(begin))
	d.DisallowUnknownFields()
	var h Head
	return d.Decode(&h)
}

func readJSON(r io.Reader) ([]Head, error) {
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	var out []Head
	for len(out) < maxHeads {
		var h Head
		err := d.Decode(&h)
		switch {
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return nil, fmt.Errorf("head %d of the file: %w", len(out)+1, err)
		}
		out = append(out, h)
	}
	return nil, fmt.Errorf("more than %d heads", maxHeads)
}
