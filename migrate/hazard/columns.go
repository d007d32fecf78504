package hazard

import (
	"regexp"
	"strings"
)

// constants are defaults that PostgreSQL stores once for all rows: literals and the
// time of the transaction.
var constants = regexp.MustCompile(`^(?i:\(?-?[0-9.]+\)?|'([^']|'')*'|true|false|(now|statement_timestamp|transaction_timestamp)\(\)|(CURRENT|LOCAL)_?(TIMESTAMP|DATE|TIME)(\(\d\))?|ARRAY\[\]|NULL)(::["\w .()\[\],]+)*$`)

// Constant reports whether a column can get an expression as its default without
// writing each row. It says no where it is not sure.
//
//   - Source: PostgreSQL evaluates a default once unless it is volatile.
func Constant(expression string) bool { return constants.MatchString(expression) }

// Widens reports whether PostgreSQL keeps the rows as they are when a column of one
// type becomes another: a longer or unlimited varchar, an unlimited numeric, a finer
// or unlimited time.
//
//   - Shape: types as format_type writes them.
func Widens(from, to string) bool {
	if to == "text" || to == "character varying" {
		return Textual(from)
	}
	if BaseType(from) != BaseType(to) {
		return false
	}
	switch BaseType(to) {
	case "character varying":
		return len(modifier(from)) < len(modifier(to)) && modifier(from) != "" || len(modifier(from)) == len(modifier(to)) && modifier(from) <= modifier(to)
	case "numeric", "timestamp with time zone", "timestamp without time zone", "time without time zone", "time with time zone", "interval", "bit varying":
		return modifier(to) == ""
	}
	return false
}

// BaseType is a type without its modifier: varchar of varchar(10).
func BaseType(typ string) string {
	if open := strings.IndexByte(typ, '('); open >= 0 {
		if end := strings.IndexByte(typ[open:], ')'); end >= 0 {
			return typ[:open] + typ[open+end+1:]
		}
	}
	return typ
}

// Textual reports whether a type is text or a varchar.
func Textual(typ string) bool { return typ == "text" || BaseType(typ) == "character varying" }

func modifier(typ string) string {
	_, rest, ok := strings.Cut(typ, "(")
	if !ok {
		return ""
	}
	inside, _, _ := strings.Cut(rest, ")")
	return inside
}
