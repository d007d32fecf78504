package retort

import (
	"encoding/json"

	"github.com/retort-go/retort/internal/query"
)

// JSONAt is what lies in a json value at a path of names and indexes ("a", "0");
// NULL where nothing does.
func JSONAt[J any](e Expr[J], path ...string) Expr[json.RawMessage] {
	return Expr[json.RawMessage]{jsonPath(e.node, "#>", path)}
}

// JSONText is what lies there as text: a string without its quotes.
func JSONText[J any](e Expr[J], path ...string) Expr[string] {
	return Expr[string]{jsonPath(e.node, "#>>", path)}
}

// jsonPath makes what is json jsonb, and passes the path as one parameter.
func jsonPath(n query.Node, operator string, path []string) query.Node {
	if path == nil {
		path = []string{}
	}
	steps := query.Suffix("JSONAt", query.Param("JSONAt", path), "::text[]")
	return query.Nullable(query.Op(query.Suffix("JSONAt", n, "::jsonb"), operator, steps))
}

// JSONContains holds when the json value holds all of v, which is written as
// json: JSONContains(&c.Extra, map[string]any{"color": "red"}).
func JSONContains[J any](field *J, v any) Predicate {
	return query.Condition("JSONContains", query.Op(query.Suffix("JSONContains", query.Column("JSONContains", field), "::jsonb"), "@>", jsonValue("JSONContains", v)))
}

func jsonValue(call string, v any) query.Node {
	text, err := json.Marshal(v)
	if err != nil {
		return query.Failed(&jsonError{call})
	}
	return query.Suffix(call, query.Param(call, string(text)), "::jsonb")
}

// jsonError says what could not be written, and nothing of its value.
type jsonError struct{ call string }

func (e *jsonError) Error() string {
	return "retort: " + e.call + ": the value cannot be written as json by encoding/json"
}

// JSONHasKey holds when the json object has the key at its top.
func JSONHasKey[J any](field *J, key string) Predicate {
	return jsonKeys("JSONHasKey", field, "?", text(key))
}

// JSONHasAny holds when the json object has one of the keys.
func JSONHasAny[J any](field *J, keys ...string) Predicate {
	return jsonKeys("JSONHasAny", field, "?|", textList(keys))
}

// JSONHasAll holds when the json object has all of the keys.
func JSONHasAll[J any](field *J, keys ...string) Predicate {
	return jsonKeys("JSONHasAll", field, "?&", textList(keys))
}

func jsonKeys(call string, field any, operator string, keys query.Node) Predicate {
	return query.Condition(call, query.Op(query.Suffix(call, query.Column(call, field), "::jsonb"), operator, keys))
}

func textList(list []string) query.Node {
	if list == nil {
		list = []string{}
	}
	return query.Suffix("texts", query.Param("texts", list), "::text[]")
}

// JSONPathExists holds when an SQL/JSON path finds something:
// JSONPathExists(&c.Extra, "$.items[*] ? (@.price > 10)").
//
//   - Errors: the server's, for a path that is none.
func JSONPathExists[J any](field *J, path string) Predicate {
	return query.Condition("JSONPathExists", query.Call("jsonb_path_exists",
		query.Suffix("JSONPathExists", query.Column("JSONPathExists", field), "::jsonb"),
		query.Suffix("JSONPathExists", query.Param("JSONPathExists", path), "::jsonpath")))
}
