package store

import (
	"database/sql/driver"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// number is a u64 as decimal text. The databases' own integers are signed: 2^63 and above would change or be refused.
type number uint64

// Value writes the number.
func (n number) Value() (driver.Value, error) { return strconv.FormatUint(uint64(n), 10), nil }

// Scan reads the number.
func (n *number) Scan(src any) error {
	text, err := column(src)
	if err != nil {
		return err
	}
	v, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return fmt.Errorf("column with %q: want a decimal u64", text)
	}
	*n = number(v)
	return nil
}

// timeLayout has a fixed width, so that text sorts as time does.
const timeLayout = "2006-01-02T15:04:05.000000000Z"

// moment is a time as text in UTC.
type moment time.Time

// Value writes the time.
func (m moment) Value() (driver.Value, error) { return time.Time(m).UTC().Format(timeLayout), nil }

// Scan reads the time.
func (m *moment) Scan(src any) error {
	if t, ok := src.(time.Time); ok { // Some drivers turn text of this form into a time by themselves.
		*m = moment(t.UTC())
		return nil
	}
	text, err := column(src)
	if err != nil {
		return err
	}
	t, err := time.Parse(timeLayout, text)
	if err != nil {
		return fmt.Errorf("column with %q: want a time: %w", text, err)
	}
	*m = moment(t.UTC())
	return nil
}

// blob is a byte string as base64, since the databases do not agree on a type for bytes.
type blob []byte

// Value writes the bytes.
func (b blob) Value() (driver.Value, error) { return base64.StdEncoding.EncodeToString(b), nil }

// Scan reads the bytes.
func (b *blob) Scan(src any) error {
	text, err := column(src)
	if err != nil {
		return err
	}
	*b, err = base64.StdEncoding.DecodeString(text)
	return err
}

func column(src any) (string, error) {
	switch v := src.(type) {
	case string:
		return v, nil
	case []byte:
		return string(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	}
	return "", fmt.Errorf("column of type %T: want text", src)
}

// encode writes a document. Amounts inside are strings (domain.Amount), so nothing is rounded.
func encode(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}
