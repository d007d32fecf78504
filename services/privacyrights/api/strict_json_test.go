package api

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCheckJSON(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, body, want string }{
		{"an object passes", `{"note":"fine","n":[1,{"a":null}]}`, ""},
		{"equal names in different objects pass", `{"a":{"b":1},"c":{"b":2}}`, ""},
		{"a scalar passes, its type is not judged here", `"x"`, ""},
		{"an escaped backslash before u0000 passes", `{"a":"\\u0000"}`, ""},
		{"a surrogate pair passes", `{"a":"\ud83d\ude00"}`, ""},
		{"raw emoji pass", `{"a":"😀"}`, ""},
		{"nothing", "", "body: the request body is empty"},
		{"only space", " \n\t", "body: the request body is empty"},
		{"not JSON", `{"a":1`, "body: the request body is not valid JSON at byte 6"},
		{"two values", `{} {}`, "body: the request body is not valid JSON at byte 4"},
		{"a comma too many", `{"a":1,}`, "body: the request body is not valid JSON at byte 8"},
		{"an escape that is cut off", `{"a":"\u00`, "body: the request body is not valid JSON"},
		{"a raw NUL", "{\"a\":\"x\x00\"}", "body: the request body is not valid JSON at byte 8"},
		{"an escaped NUL", `{"a":"x\u0000"}`, `body: a string holds \u0000`},
		{"an escaped NUL after an escaped quote", `{"a":"\"\\\u0000"}`, `body: a string holds \u0000`},
		{"an escaped NUL in a name", `{"a\u0000":1}`, `body: a string holds \u0000`},
		{"bytes that are not UTF-8", "{\"a\":\"\xff\"}", "body: the request body is not valid UTF-8"},
		{"a first half of a pair alone", `{"a":"\ud83d"}`, "body: a string holds the first half"},
		{"a first half before another escape", `{"a":"\ud83d\u0041"}`, "body: a string holds the first half"},
		{"a first half before text", `{"a":"\ud83dxxxxxx"}`, "body: a string holds the first half"},
		{"a second half alone", `{"a":"\ude00"}`, "body: a string holds the second half"},
		{"a member twice", `{"note":"a","note":"b"}`, "body.note: the member is given twice"},
		{"a member twice, once escaped", `{"note":"a","\u006eote":"b"}`, "body.note: the member is given twice"},
		{"a member twice, deeper", `{"a":[{"b":1,"b":2}]}`, "body.a[0].b: the member is given twice"},
		{"a name in upper case", `{"Note":"a"}`, "body.Note: unexpected property"},
		{"a name that folds to an ASCII one", `{"\u017ftatus":"a"}`, "body.ſtatus: unexpected property"},
		{"an empty name", `{"":1}`, ""},
		{"a long name is cut", `{"` + strings.Repeat("X", 100) + `":1}`, "body." + strings.Repeat("X", 40) + "…: unexpected"},
		{"a number beyond every float", `{"a":[1e999]}`, "body.a[0]: the number is out of range"},
		{"nine levels", strings.Repeat("[", 10) + strings.Repeat("]", 10), "body: the request body is nested too deeply"},
		{"a million levels", strings.Repeat("[", 1<<20), "body: the request body is not valid JSON"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := checkJSON([]byte(tt.body))
			if tt.want == "" {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			var bad *badJSON
			if !errors.As(err, &bad) || !strings.HasPrefix(bad.Error(), "api: "+tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func FuzzCheckJSON(f *testing.F) {
	for _, seed := range []string{`{"a":"\ud83d\ude00"}`, `{"a":"\u0000"}`, `{"a":1,"a":2}`, "{\"a\":\"\xff\"}", `[[[`, `"\\u"`, `{"a":"\\\u0000"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if checkJSON(body) != nil {
			return
		}
		var v any
		if err := json.Unmarshal(body, &v); err != nil {
			t.Fatalf("accepted %q, but %v", body, err)
		}
		clean(t, v)
	})
}

// clean fails for text that PostgreSQL would refuse or that was repaired.
func clean(t *testing.T, v any) {
	t.Helper()
	switch v := v.(type) {
	case string:
		if strings.ContainsRune(v, 0) || !utf8.ValidString(v) {
			t.Fatalf("accepted the string %q", v)
		}
	case []any:
		for _, e := range v {
			clean(t, e)
		}
	case map[string]any:
		for k, e := range v {
			clean(t, k)
			clean(t, e)
		}
	}
}
