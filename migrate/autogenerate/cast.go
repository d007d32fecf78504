package autogenerate

import (
	"slices"
	"strings"

	"github.com/retort-go/retort/migrate/hazard"
)

// casts are the types of which it is known what PostgreSQL casts them to, beside
// themselves and text.
var casts = map[string][]string{
	"smallint":                    {"integer", "bigint", "numeric", "real", "double precision"},
	"integer":                     {"smallint", "bigint", "numeric", "real", "double precision", "boolean"},
	"bigint":                      {"smallint", "integer", "numeric", "real", "double precision"},
	"numeric":                     {"smallint", "integer", "bigint", "real", "double precision"},
	"real":                        {"smallint", "integer", "bigint", "numeric", "double precision"},
	"double precision":            {"smallint", "integer", "bigint", "numeric", "real"},
	"boolean":                     {"integer"},
	"uuid":                        nil,
	"json":                        {"jsonb"},
	"jsonb":                       {"json", "boolean", "smallint", "integer", "bigint", "numeric", "real", "double precision"},
	"date":                        {"timestamp without time zone", "timestamp with time zone"},
	"timestamp without time zone": {"date", "timestamp with time zone", "time without time zone"},
	"timestamp with time zone":    {"date", "timestamp without time zone", "time without time zone"},
	"time without time zone":      {"interval"},
	"interval":                    {"time without time zone"},
}

// castable reports whether PostgreSQL casts one type to another; it says yes where it
// is not sure.
func castable(from, to string) bool {
	from, to = hazard.BaseType(from), hazard.BaseType(to)
	one, ofArray := strings.CutSuffix(from, "[]")
	other, toArray := strings.CutSuffix(to, "[]")
	switch {
	case ofArray && toArray:
		return castable(one, other)
	case hazard.Textual(from), hazard.Textual(to):
		return true // by way of what is typed and printed
	}
	known := func(typ string) bool { _, ok := casts[typ]; return ok || hazard.Textual(typ) }
	if !known(one) || !known(other) {
		return true
	}
	return ofArray == toArray && (from == to || slices.Contains(casts[from], to))
}
