package mapper_test

import (
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

var errSecret = errors.New("secret")

// cents is a decimal by MarshalText, as shopspring's is.
type cents struct{ n int64 }

func (c cents) MarshalText() ([]byte, error) {
	sign, n := "", c.n
	if n < 0 {
		sign, n = "-", -n
	}
	return fmt.Appendf(nil, "%s%d.%02d", sign, n/100, n%100), nil
}

func (c *cents) UnmarshalText(text []byte) error {
	n, err := strconv.ParseInt(strings.Replace(string(text), ".", "", 1), 10, 64)
	if err != nil || !strings.Contains(string(text), ".") {
		return errSecret
	}
	c.n = n
	return nil
}

// encrypted is stored by its methods, not by its kind.
type encrypted string

func (e encrypted) Value() (driver.Value, error) {
	if e == "secret" {
		return nil, errSecret
	}
	return rot13(string(e)), nil
}

func (e *encrypted) Scan(src any) error {
	switch v := src.(type) {
	case string:
		*e = encrypted(rot13(v))
	case []byte:
		*e = encrypted(rot13(string(v)))
	default:
		return errSecret
	}
	return nil
}

func rot13(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return 'a' + (r-'a'+13)%26
		}
		return r
	}, s)
}

// document is the way of GORM to store json: bytes, and a pointer inside.
type document struct{ m map[string]int }

func (d document) Value() (driver.Value, error) {
	if d.m == nil {
		return nil, nil // NULL
	}
	return json.Marshal(d.m)
}

func (d *document) Scan(src any) error {
	if d.m = nil; src == nil {
		return nil
	}
	b, ok := src.([]byte)
	if !ok {
		return errSecret
	}
	return json.Unmarshal(b, &d.m)
}

// level is a number that is stored as a word.
type level int

func (l level) MarshalText() ([]byte, error) {
	switch l {
	case 0:
		return []byte("low"), nil
	case 1:
		return []byte("high"), nil
	case -1:
		return []byte("below"), nil
	}
	return nil, errSecret
}

func (l *level) UnmarshalText(text []byte) error {
	for _, v := range []level{0, 1, -1} {
		if b, _ := v.MarshalText(); string(b) == string(text) {
			*l = v
			return nil
		}
	}
	return errSecret
}
