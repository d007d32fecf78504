package autogenerate

import (
	"strings"

	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/migrate/catalog"
)

// exchange puts a new name in the place of an old one in texts of the server.
type exchange struct {
	Renaming
	schema string // how the server qualifies the name; empty for the current schema
}

func newExchange(r Renaming, current string) exchange {
	if r.Namespace == current {
		return exchange{r, ""}
	}
	return exchange{r, plain(r.Namespace) + "."}
}

// place says what the names in a text can be.
type place int

const (
	expression place = iota // of one table: a check, an index, a trigger
	query                   // names tables, too: a view, a policy
	reference               // what a foreign key refers to
	types                   // a type, or a list of arguments
)

// in exchanges the name in texts, where it stands as a whole and means the same.
func (x exchange) in(where place, texts ...*string) {
	for _, text := range texts {
		*text = x.text(where, *text)
	}
}

func (x exchange) text(where place, text string) string {
	var b strings.Builder
	done := 0
	eachName(text, func(name string, start, end int) {
		if name != x.From || start < done || !x.means(where, text[:start], text[end:]) {
			return
		}
		b.WriteString(text[done:start] + plain(x.To))
		done = end
		if where != query || x.Kind != catalog.KindColumn {
			return
		}
		// An output column keeps its name.
		if as := " AS " + plain(x.To); item(strings.TrimPrefix(text[end:], as)) && strings.HasPrefix(text[end:], as) {
			done += len(as)
		} else if item(text[end:]) {
			b.WriteString(" AS " + plain(x.From))
		}
	})
	return b.String() + text[done:]
}

// item reports whether an item of a SELECT ends before rest.
//
//   - Source: get_target_list in PostgreSQL's ruleutils.c.
func item(rest string) bool {
	return strings.HasPrefix(rest, ",\n") || strings.HasPrefix(rest, "\n") && strings.HasPrefix(strings.TrimLeft(rest, "\n "), "FROM ")
}

// means reports whether a name between two parts of a text is of what x renames.
func (x exchange) means(where place, before, after string) bool {
	cast := strings.HasSuffix(before, "::") || x.schema != "" && strings.HasSuffix(before, "::"+x.schema)
	switch x.Kind {
	case catalog.KindType:
		return where == types || cast
	case catalog.KindTable:
		qualified := strings.HasSuffix(before, ".")
		if x.schema != "" {
			qualified = !strings.HasSuffix(before, x.schema)
		}
		switch where {
		case types:
			return true
		case reference:
			return before == x.schema
		case query:
			return !cast && (!qualified || x.schema != "" && strings.HasPrefix(after, "."))
		default:
			return strings.HasPrefix(after, ".")
		}
	default: // not a type, a function or a table
		return !cast && !strings.HasSuffix(before, " AS ") && !strings.HasPrefix(after, "(") && !strings.HasPrefix(after, ".")
	}
}

// mentions reports whether a name stands in SQL text as a whole, whatever it means.
func mentions(text, name string) bool {
	found := false
	eachName(text, func(word string, _, _ int) { found = found || word == name })
	return found
}

// eachName calls do for each word and each name in quotes of a text, without these,
// and where it stands; not for what is in strings.
func eachName(text string, do func(name string, start, end int)) {
	for i := 0; i < len(text); {
		end := i + 1
		switch c := text[i]; {
		case c == '\'':
			end = closing(text, i)
		case c == '"':
			for end < len(text) && (text[end] != '"' || end+1 < len(text) && text[end+1] == '"') {
				if text[end] == '"' {
					end++
				}
				end++
			}
			end = min(end+1, len(text))
			do(strings.ReplaceAll(strings.TrimSuffix(text[i+1:end], `"`), `""`, `"`), i, end)
		case wordStart(c):
			for end < len(text) && (wordStart(text[end]) || text[end] >= '0' && text[end] <= '9' || text[end] == '$') {
				end++
			}
			do(text[i:end], i, end)
		}
		i = end
	}
}

func wordStart(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// plain is a name as the server writes it: in quotes only where it must be.
//
//   - Source: quote_identifier in PostgreSQL's ruleutils.c.
func plain(name string) string {
	for i := range len(name) {
		c := name[i]
		if c != '_' && (c < 'a' || c > 'z') && (i == 0 || c < '0' || c > '9') {
			return sqltext.Ident(name)
		}
	}
	if strings.Contains(quotedWords, " "+name+" ") {
		return sqltext.Ident(name)
	}
	return name
}

// quotedWords are the words that the server writes in quotes where they are names: all
// that are not unreserved.
//
//   - Source: pg_get_keywords() of PostgreSQL 15, and what is reserved since.
const quotedWords = " " +
	"all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case cast char character check " +
	"coalesce collate collation column concurrently constraint create cross current_catalog current_date current_role current_schema current_time " +
	"current_timestamp current_user dec decimal default deferrable desc distinct do else end except exists extract false fetch float for foreign " +
	"freeze from full grant greatest group grouping having ilike in initially inner inout int integer intersect interval into is isnull join " +
	"lateral leading least left like limit localtime localtimestamp national natural nchar none normalize not notnull null nullif numeric offset " +
	"on only or order out outer overlaps overlay placing position precision primary real references returning right row select session_user setof " +
	"similar smallint some substring symmetric system_user table tablesample then time timestamp to trailing treat trim true union unique user " +
	"using values varchar variadic verbose when where window with xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse " +
	"xmlpi xmlroot xmlserialize xmltable "
