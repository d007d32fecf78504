package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// badJSON is why a body is refused: where, and what is wrong there. It never
// holds a value of the body.
type badJSON struct {
	Location string
	Message  string
}

func (e *badJSON) Error() string { return "api: " + e.Location + ": " + e.Message }

// checkJSON refuses what encoding/json and Huma would accept or repair: bytes
// that are not UTF-8 (replaced by U+FFFD), \u0000 (which PostgreSQL cannot
// store), half surrogate pairs (replaced), members that are given twice (the
// last wins) and names that differ from the API's in their case (matched).
func checkJSON(body []byte) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return &badJSON{"body", "the request body is empty; send a JSON object"}
	}
	if !utf8.Valid(body) {
		return &badJSON{"body", "the request body is not valid UTF-8"}
	}
	var raw json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil {
		return &badJSON{"body", "the request body is not valid JSON" + position(err)}
	}
	if err := checkEscapes(body); err != nil {
		return err
	}
	return checkMembers(json.NewDecoder(bytes.NewReader(body)), "body", 0)
}

// position says where the syntax breaks, without quoting it.
func position(err error) string {
	if syntax, ok := err.(*json.SyntaxError); ok { //nolint:errorlint // json returns it bare
		return fmt.Sprintf(" at byte %d", syntax.Offset)
	}
	return ""
}

// checkEscapes looks at each \u of valid JSON, where a backslash stands in
// strings only and every escape is complete.
func checkEscapes(body []byte) error {
	for i := 0; i < len(body); i++ {
		if body[i] != '\\' {
			continue
		}
		if body[i+1] != 'u' {
			i++
			continue
		}
		unit := hex4(body[i+2:])
		i += 5
		switch {
		case unit == 0:
			return &badJSON{"body", `a string holds \u0000, which cannot be stored`}
		case unit >= 0xDC00 && unit <= 0xDFFF:
			return &badJSON{"body", "a string holds the second half of a surrogate pair alone"}
		case unit >= 0xD800 && unit <= 0xDBFF:
			low := uint64(0)
			if bytes.HasPrefix(body[i+1:], []byte(`\u`)) {
				low = hex4(body[i+3:])
			}
			if low < 0xDC00 || low > 0xDFFF {
				return &badJSON{"body", "a string holds the first half of a surrogate pair alone"}
			}
			i += 6
		}
	}
	return nil
}

func hex4(b []byte) uint64 {
	n, _ := strconv.ParseUint(string(b[:4]), 16, 32) // valid JSON: four digits follow
	return n
}

// maxDepth is more than any body of this API has; it also bounds the length of
// the locations that are built on the way down.
const maxDepth = 8

// checkMembers walks one value of valid JSON.
func checkMembers(dec *json.Decoder, at string, depth int) error {
	token, err := dec.Token()
	if err != nil { // the syntax was checked before
		return &badJSON{at, "the number is out of range"}
	}
	if depth > maxDepth {
		return &badJSON{"body", "the request body is nested too deeply"}
	}
	switch token {
	case json.Delim('['):
		for i := 0; dec.More(); i++ {
			if err := checkMembers(dec, at+"["+strconv.Itoa(i)+"]", depth+1); err != nil {
				return err
			}
		}
	case json.Delim('{'):
		seen := map[string]bool{}
		for dec.More() {
			name, err := dec.Token()
			key, ok := name.(string)
			switch {
			case err != nil || !ok:
				return &badJSON{at, "the request body is not valid JSON"}
			case seen[key]:
				return &badJSON{at + "." + short(key), "the member is given twice"}
			case strings.Trim(key, "abcdefghijklmnopqrstuvwxyz_") != "":
				return &badJSON{at + "." + short(key), "unexpected property"}
			}
			seen[key] = true
			if err := checkMembers(dec, at+"."+short(key), depth+1); err != nil {
				return err
			}
		}
	default:
		return nil
	}
	if _, err := dec.Token(); err != nil {
		return &badJSON{at, "the request body is not valid JSON"}
	}
	return nil
}

// short keeps a name that the client made up from filling the answer.
func short(name string) string {
	const most = 40
	if utf8.RuneCountInString(name) <= most {
		return name
	}
	return string([]rune(name)[:most]) + "…"
}
