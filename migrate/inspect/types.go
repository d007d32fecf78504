package inspect

import (
	"strings"

	"github.com/retort-go/retort/migrate/catalog"
)

// goType is how a Go field holds a PostgreSQL type.
//
//   - Shape: whole says that the field needs no Type for it; null that it holds
//     NULL itself.
type goType struct {
	text     string
	imported string
	whole    bool
	null     bool
}

const (
	pgtypePath = "github.com/jackc/pgx/v5/pgtype"
	uuidPath   = "github.com/gofrs/uuid/v5"
)

// builtIn is the Go type of each type of PostgreSQL that models know.
func builtIn(name string) (goType, bool) {
	pg := func(text string) (goType, bool) { return goType{"pgtype." + text, pgtypePath, true, true}, true }
	switch name {
	case "smallint":
		return goType{text: "int16", whole: true}, true
	case "integer":
		return goType{text: "int32", whole: true}, true
	case "bigint":
		return goType{text: "int64", whole: true}, true
	case "real":
		return goType{text: "float32", whole: true}, true
	case "double precision":
		return goType{text: "float64", whole: true}, true
	case "boolean":
		return goType{text: "bool", whole: true}, true
	case "text":
		return goType{text: "string", whole: true}, true
	case "character varying", "character", "name", `"char"`, "xml", "citext", "numeric", "interval", "time without time zone":
		return goType{text: "string"}, true
	case "bytea":
		return goType{text: "[]byte", whole: true}, true
	case "uuid":
		return goType{"uuid.UUID", uuidPath, true, false}, true
	case "timestamp with time zone":
		return goType{"time.Time", "time", true, false}, true
	case "timestamp without time zone", "date":
		return goType{"time.Time", "time", false, false}, true
	case "jsonb":
		return goType{"json.RawMessage", "encoding/json", true, false}, true
	case "json":
		return goType{"json.RawMessage", "encoding/json", false, false}, true
	case "inet":
		return goType{"netip.Prefix", "net/netip", false, false}, true
	case "cidr":
		return goType{"netip.Prefix", "net/netip", true, false}, true
	case "macaddr":
		return goType{"net.HardwareAddr", "net", true, false}, true
	case "macaddr8":
		return goType{"net.HardwareAddr", "net", false, false}, true
	case "hstore":
		return pg("Hstore")
	case "int4range":
		return pg("Range[int32]")
	case "int8range":
		return pg("Range[int64]")
	case "numrange":
		return pg("Range[pgtype.Numeric]")
	case "tsrange":
		return pg("Range[pgtype.Timestamp]")
	case "tstzrange":
		return pg("Range[pgtype.Timestamptz]")
	case "daterange":
		return pg("Range[pgtype.Date]")
	case "bit varying":
		g, ok := pg("Bits")
		g.whole = false
		return g, ok
	case "bit":
		g, ok := pg("Bits")
		g.whole = false
		return g, ok
	case "point", "line", "lseg", "box", "path", "polygon", "circle":
		return pg(strings.ToUpper(name[:1]) + name[1:])
	case "tsvector":
		return pg("TSVector")
	default:
		return goType{}, false
	}
}

// typeOf is the Go type of a column, and the text for Type, empty where the field
// says it all.
func (d *declared) typeOf(col *catalog.Column) (g goType, typed string, ok bool) {
	element := strings.TrimSuffix(col.Type, "[]")
	array := element != col.Type
	if col.TypeRef.Name != "" {
		g, ok = d.types[col.TypeRef]
		if !ok && d.extensionType(element) {
			g, ok = builtIn(element)
		}
		if array && !col.Enum {
			ok = ok && false // arrays of domains and composites
		}
	} else {
		g, ok = builtIn(withoutModifier(element))
	}
	if !ok {
		return goType{}, "", false
	}
	if array {
		if g.null || g.text == "json.RawMessage" || strings.HasPrefix(g.text, "[]") {
			return goType{}, "", false
		}
		g.text = "[]" + g.text
	}
	if !g.whole || strings.Contains(element, "(") {
		typed = col.Type
	}
	return g, typed, true
}

// extensionType reports whether a type is one of those that models know of the
// extensions that come with the server.
func (d *declared) extensionType(name string) bool {
	_, installed := d.database.Extension(name)
	return installed && (name == "citext" || name == "hstore")
}

// withoutModifier is the type without what stands in parentheses.
func withoutModifier(typ string) string {
	before, inside, behind := group(typ)
	if inside == "" {
		return typ
	}
	return strings.TrimSpace(before) + behind
}
