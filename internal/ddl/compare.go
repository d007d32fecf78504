package ddl

import (
	"slices"
	"strings"

	"github.com/retort-go/retort/schema"
)

// compare lists what differs in the things of s that exist in database; what is
// missing there as a whole is no difference.
func compare(s *schema.Schema, model, database *facts) []Difference {
	out := compareEnums(s, database, func(*schema.Enum) bool { return true })
	for _, f := range model.functions {
		if db, ok := find(database.functions, f.name); ok && db.text != f.text {
			out = append(out, Difference{What: "function " + f.name, Model: f.text, Database: db.text})
		}
	}
	for i := range s.Tables {
		t := &s.Tables[i]
		if db := database.tables[placeOf(t)]; db != nil {
			out = append(out, compareTable(t, model.tables[placeOf(t)], db)...)
		}
	}
	return out
}

func compareEnums(s *schema.Schema, database *facts, which func(*schema.Enum) bool) []Difference {
	var out []Difference
	for i := range s.Enums {
		e := &s.Enums[i]
		if db := database.types[place{e.Namespace, e.Name}]; db != nil && which(e) {
			out = append(out, compareEnum(e, db)...)
		}
	}
	return out
}

func compareEnum(e *schema.Enum, database *typeFacts) []Difference {
	what := "enum " + e.FullName()
	if database.kind != "e" {
		return []Difference{{What: what, Model: "enum", Database: typeKind(database.kind)}}
	}
	var out []Difference
	for _, v := range e.Values {
		if !slices.Contains(database.labels, v) {
			out = append(out, Difference{What: what + ": value " + v, Model: "present", Database: missing})
		}
	}
	// Values that only the database knows are somebody else's; the order of ours
	// decides comparisons and is a fact.
	ours := slices.DeleteFunc(slices.Clone(database.labels), func(v string) bool { return !slices.Contains(e.Values, v) })
	if len(out) == 0 && !slices.Equal(ours, e.Values) {
		out = append(out, Difference{
			What: what + ": order of values", Model: strings.Join(e.Values, ", "), Database: strings.Join(ours, ", "),
		})
	}
	return out
}

// compareTable compares what the model declares. Comments and storage parameters
// that only the database has are somebody else's.
func compareTable(t *schema.Table, model, database *tableFacts) []Difference {
	if database.kind != "r" && database.kind != "p" {
		return []Difference{{Table: t.FullName(), What: "kind of relation", Model: "table", Database: relationKind(database.kind)}}
	}
	var out []Difference
	if model.unlogged != database.unlogged {
		out = append(out, Difference{What: "persistence", Model: persistence(model), Database: persistence(database)})
	}
	out = append(out, compareComment("comment", model.comment, database.comment)...)
	out = append(out, compareItems("storage parameter ", model.storage, database.storage)...)
	out = append(out, compareColumns(t, model.columns, database.columns)...)
	for _, m := range model.constraints {
		db, ok := find(database.constraints, m.name)
		if ok && db.text == m.text {
			continue
		}
		d := Difference{What: "constraint " + m.name, Model: m.text, Database: db.text}
		if !ok {
			d.Database = insteadOf(m, database)
		}
		out = append(out, d)
	}
	out = append(out, compareItems("index ", model.indexes, database.indexes)...)
	out = append(out, compareItems("trigger ", model.triggers, database.triggers)...)
	for i := range out {
		out[i].Table = t.FullName()
	}
	return out
}

func persistence(t *tableFacts) string {
	if t.unlogged {
		return "UNLOGGED"
	}
	return "LOGGED"
}

func compareComment(what, model, database string) []Difference {
	if model == "" || model == database {
		return nil
	}
	if database == "" {
		database = missing
	}
	return []Difference{{What: what, Model: model, Database: database}}
}

// insteadOf says what the database has where the constraint m is missing: the
// same rule under another name, or an index by its name.
func insteadOf(m item, database *tableFacts) string {
	for _, c := range database.constraints {
		if c.text == m.text {
			return "the same, named " + c.name
		}
	}
	if ix, ok := find(database.indexes, m.name); ok {
		return "index " + ix.text
	}
	return missing
}

func compareItems(what string, model, database []item) []Difference {
	var out []Difference
	for _, m := range model {
		db, ok := find(database, m.name)
		switch {
		case !ok:
			out = append(out, Difference{What: what + m.name, Model: m.text, Database: missing})
		case db.text != m.text:
			out = append(out, Difference{What: what + m.name, Model: m.text, Database: db.text})
		}
	}
	return out
}

func compareColumns(t *schema.Table, model, database []columnFacts) []Difference {
	var out []Difference
	for _, m := range model {
		i := slices.IndexFunc(database, func(c columnFacts) bool { return c.name == m.name })
		if i < 0 {
			out = append(out, Difference{What: "column " + m.name, Model: m.String(), Database: missing})
			continue
		}
		db := database[i]
		for _, fact := range []struct{ model, database string }{
			{m.typeText(), db.typeText()},
			{m.nullText(), db.nullText()},
			{m.valueText(), db.valueText()},
		} {
			if fact.model != fact.database {
				out = append(out, Difference{What: "column " + m.name, Model: fact.model, Database: fact.database})
			}
		}
		// A column that became an identity column later starts behind its rows.
		if c, ok := t.Column(m.name); ok && c.Sequence.Start != 0 && db.start != "" && m.start != db.start {
			out = append(out, Difference{What: "column " + m.name, Model: "START WITH " + m.start, Database: "START WITH " + db.start})
		}
		out = append(out, compareComment("comment of column "+m.name, m.comment, db.comment)...)
	}
	for _, db := range database {
		known := slices.ContainsFunc(model, func(c columnFacts) bool { return c.name == db.name })
		if !known && db.notNull && !db.fills {
			out = append(out, Difference{What: "column " + db.name, Model: missing, Database: db.String() + " without a default"})
		}
	}
	return out
}

func (c columnFacts) typeText() string {
	if c.collation != "" {
		return c.typ + " COLLATE " + c.collation
	}
	return c.typ
}

func (c columnFacts) nullText() string {
	if c.notNull {
		return "NOT NULL"
	}
	return "NULL"
}

func (c columnFacts) valueText() string {
	if c.value == "" {
		return "no default"
	}
	return c.value
}

func (c columnFacts) String() string {
	out := c.typeText()
	if c.notNull {
		out += " NOT NULL"
	}
	if c.value != "" {
		out += " " + c.value
	}
	return out
}
