package peers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Compare tells whether two answers say the same.
//
//   - Shape: keys that were made for the answer are one as good as the other, and
//     so are times of the last minutes; those of rows that were there before must
//     be the same. A member that is null or an empty object is one that is missing.
//   - Errors: the first difference, by its place.
func Compare(a, b []byte) error {
	now := time.Now()
	x, err := canonical(a, now)
	if err != nil {
		return err
	}
	y, err := canonical(b, now)
	if err != nil {
		return err
	}
	return differ("", x, y)
}

func canonical(text []byte, now time.Time) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("answer %.80q: %w", text, err)
	}
	return simplify(v, "", now), nil
}

func simplify(v any, name string, now time.Time) any {
	switch v := v.(type) {
	case map[string]any:
		maps.DeleteFunc(v, func(_ string, m any) bool {
			object, ok := m.(map[string]any)
			return m == nil || ok && len(object) == 0
		})
		for k, m := range v {
			v[k] = simplify(m, k, now)
		}
	case []any:
		for i, m := range v {
			v[i] = simplify(m, name, now)
		}
	case string:
		return simplifyText(v, name, now)
	}
	return v
}

func simplifyText(v, name string, now time.Time) string {
	switch name {
	case "created_at", "updated_at":
		t, err := time.Parse(time.RFC3339Nano, v)
		switch {
		case err != nil:
			return "not a time: " + v
		case now.Sub(t).Abs() < 10*time.Minute:
			return "just now"
		}
		return t.UTC().Format(time.RFC3339Nano)
	case "id", "user_id":
		if len(v) == 36 && !strings.HasPrefix(v, "00000000-") {
			return "a new key"
		}
	}
	return v
}

// differ finds the first difference.
func differ(place string, x, y any) error {
	switch a := x.(type) {
	case map[string]any:
		b, ok := y.(map[string]any)
		if !ok {
			return unequal(place, x, y)
		}
		all := maps.Clone(a)
		maps.Copy(all, b)
		for _, k := range slices.Sorted(maps.Keys(all)) {
			if err := differ(place+"."+k, a[k], b[k]); err != nil {
				return err
			}
		}
		return nil
	case []any:
		b, ok := y.([]any)
		if !ok || len(a) != len(b) {
			return unequal(place, x, y)
		}
		for i := range a {
			if err := differ(fmt.Sprintf("%s[%d]", place, i), a[i], b[i]); err != nil {
				return err
			}
		}
		return nil
	}
	if x != y {
		return unequal(place, x, y)
	}
	return nil
}

func unequal(place string, x, y any) error {
	return fmt.Errorf("%s: %.200v and %.200v", place, x, y)
}

// Trace is a query whose one row tells what requests have left in the database,
// without keys and times.
const Trace = `SELECT
  (SELECT md5(coalesce(string_agg(concat_ws('|', email, name, status, age, segment, note, profile, updated_at - created_at > interval '1 minute'), ';' ORDER BY email), ''))
   FROM users) || ' ' ||
  (SELECT md5(coalesce(string_agg(concat_ws('|', email, item, quantity, price), ';' ORDER BY email, item), ''))
   FROM orders JOIN users ON users.id = user_id) || ' ' ||
  (SELECT md5(coalesce(string_agg(concat_ws('|', kind, amount, body), ';' ORDER BY amount), ''))
   FROM events)`
