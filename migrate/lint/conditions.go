package lint

import (
	"cmp"
	"strings"

	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/migrate"
	"github.com/retort-go/retort/migrate/hazard"
)

// notNewColumn leaves out what comes with a column that is filled with one value:
// the check of a new column reads the rows all the same, its foreign key reads
// nothing when there is no default.
func notNewColumn(c *checker, a *Action) bool {
	return a.Text != "inline" || c.defaults[a.Table+"\x00"+a.Column]
}

// ofParts leaves out the index of a partitioned table alone, which is built in its
// partitions later and concurrently, and is refused CONCURRENTLY itself.
func ofParts(_ *checker, a *Action) bool { return !a.only }

// notProved leaves out a SET NOT NULL that finds a valid check.
func notProved(c *checker, a *Action) bool { return !c.proved[bare(a.Table)+"\x00"+a.Column] }

// neverNull lists the columns that a condition says to be NOT NULL, alone or among
// others that hold, too: PostgreSQL takes both as a proof.
func neverNull(condition string) []string {
	p := &parser{sql: condition, all: sqltext.Tokens(condition)}
	if in := p.inside(); len(in.all) > 0 && len(in.all)+2 == len(p.all) {
		p = in
	}
	if p.has("or") || p.has("between") {
		return nil
	}
	var out []string
	for !p.done() {
		part := p
		if column := part.inside(); len(column.all) > 0 {
			part = column
		}
		if column := part.ident(); column != "" && part.eat("is", "not", "null") && (part.done() || part.is("and")) {
			out = append(out, column)
		}
		if !p.find("and") {
			break
		}
	}
	return out
}

func cascades(_ *checker, a *Action) bool { return a.cascade }

// goes leaves out what gets another name while something else, a view or a new type,
// takes the old one.
func goes(c *checker, a *Action) bool { return !c.made[bare(cmp.Or(a.Table, a.Name))] }

// isView finds a view that does not come back.
func isView(c *checker, a *Action) bool {
	return (a.Text == "view" || a.Text == "materialized view") && goes(c, a)
}

// copies leaves out changes of a type that keep the rows.
func copies(c *checker, a *Action) bool {
	if c.opts.Type == nil || a.Text != "" {
		return true
	}
	from, changed := c.types[a.Table+"\x00"+a.Column]
	if !changed {
		from = c.opts.Type(a.Table, a.Column)
	}
	return from == "" || !hazard.Widens(from, canonical(a.Type))
}

// notVirtual leaves out generated columns that are computed when they are read.
func notVirtual(c *checker, a *Action) bool { return a.Text != "perhaps virtual" || c.version() < 18 }

func otherNotFresh(c *checker, a *Action) bool { return !c.isFresh(a.Other) }

// notForced finds an ENABLE ROW LEVEL SECURITY that stays without its FORCE.
func notForced(c *checker, a *Action) bool {
	return begins(a.Text, "enable") && !c.forced[bare(a.Table)]
}

// begins tells whether a text begins with a word.
func begins(text, first string) bool {
	word, _, _ := strings.Cut(text, " ")
	return strings.EqualFold(word, first)
}

func notBatched(c *checker, _ *Action) bool { return c.st.Mode != migrate.Batched }

func strongLock(_ *checker, a *Action) bool {
	for l := hazard.Share; l <= hazard.AccessExclusive; l++ {
		if a.Text == l.String() {
			return true
		}
	}
	return false
}

func timeoutOff(_ *checker, a *Action) bool {
	return (a.Name == "lock_timeout" || a.Name == "statement_timeout") &&
		(a.Text == "" || strings.EqualFold(a.Text, "default") || strings.TrimLeft(a.Text, "0") == "" || strings.TrimRight(a.Text, "msinhd ") == "0")
}

// aliases are types as people write them, and as format_type does.
var aliases = map[string]string{
	"int": "integer", "int4": "integer", "int8": "bigint", "int2": "smallint", "bool": "boolean", "float8": "double precision", "float4": "real", "float": "double precision",
	"decimal": "numeric", "varchar": "character varying", "char": "character", "bpchar": "character", "timestamptz": "timestamp with time zone",
	"timestamp": "timestamp without time zone", "timetz": "time with time zone", "time": "time without time zone", "varbit": "bit varying",
	"serial4": "serial", "serial8": "bigserial", "serial2": "smallserial",
}

// canonical is a type as format_type writes it.
func canonical(typ string) string {
	typ = strings.TrimPrefix(typ, "pg_catalog.")
	word, modifier, rest := typ, "", ""
	if open := strings.IndexByte(typ, '('); open >= 0 {
		end := open + strings.IndexByte(typ[open:]+")", ')')
		word, modifier = strings.TrimSpace(typ[:open]), strings.ReplaceAll(typ[open:min(end+1, len(typ))], " ", "")
		rest = typ[min(end+1, len(typ)):]
	}
	array := ""
	if i := strings.IndexByte(word, '['); i >= 0 {
		word, array = strings.TrimSpace(word[:i]), word[i:]
	}
	switch full, ok := aliases[word]; {
	case ok && rest != "" && strings.HasPrefix(rest, " with"): // timestamp(3) with time zone
		return word + modifier + rest
	case ok && strings.HasPrefix(full, "time"):
		first, more, _ := strings.Cut(full, " ")
		word, rest = first, " "+more+rest
	case ok:
		word = full
	}
	return word + modifier + rest + array
}
