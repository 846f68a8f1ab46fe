package backup

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/meteora-fee-router/feeops/internal/store"
)

// encoded is a text that is no UTF-8, which JSON would quietly change.
type encoded struct {
	Base64 string `json:"base64"`
}

// encodeRow writes a row as one line: a JSON array in the order of the shape's columns.
func encodeRow(values []any) ([]byte, error) {
	row := values
	for i, v := range values {
		text, ok := v.(string)
		if !ok || utf8.ValidString(text) {
			continue
		}
		if &row[0] == &values[0] {
			row = append([]any{}, values...)
		}
		row[i] = encoded{base64.StdEncoding.EncodeToString([]byte(text))}
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	err := enc.Encode(row)
	return out.Bytes(), err
}

// decodeRow reads a line back into values for the shape's columns.
func decodeRow(shape store.Shape, line []byte) ([]any, error) {
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.UseNumber()
	var raw []any
	if err := dec.Decode(&raw); err != nil {
		return nil, err
	}
	if len(raw) != len(shape.Columns) {
		return nil, fmt.Errorf("a row has %d values for %d columns", len(raw), len(shape.Columns))
	}
	for i, c := range shape.Columns {
		v, err := decodeValue(c, raw[i])
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", c.Name, err)
		}
		raw[i] = v
	}
	return raw, nil
}

func decodeValue(c store.Column, v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case string:
		if c.Kind == store.ColumnText {
			return v, nil
		}
	case bool:
		if c.Kind == store.ColumnBoolean {
			return v, nil
		}
	case json.Number:
		if c.Kind == store.ColumnInteger {
			return v.Int64()
		}
	case map[string]any:
		text, ok := v["base64"].(string)
		if c.Kind == store.ColumnText && ok && len(v) == 1 {
			b, err := base64.StdEncoding.DecodeString(text)
			return string(b), err
		}
	}
	return nil, errors.New("it holds a value of another kind than " + string(c.Kind))
}
