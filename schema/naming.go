package schema

import "strings"

// MaxIdentifier is the longest name that PostgreSQL keeps, in bytes.
const MaxIdentifier = 63

// Naming makes the names of constraints and indexes that a model leaves open.
//
//   - Shape: each field is a pattern in which {table}, {columns} (joined by _),
//     {columns and} (joined by _and_), {column} (the first), {relation} (the first
//     without its _id), {ref} (the table referred to), {name} (a check's own name) and
//     {rails fk} (Rails' hash of table and columns) are replaced. Cut says what becomes
//     of a name over 63 bytes.
//   - Source: the naming conventions of SQLAlchemy's MetaData.
type Naming struct {
	PrimaryKey string
	Unique     string
	Index      string
	Check      string
	ForeignKey string
	Exclusion  string
	Cut        Cut
}

// DefaultNaming is the convention used where none is registered: SQLAlchemy's
// prefixes with all columns in the name.
func DefaultNaming() Naming {
	return Naming{
		PrimaryKey: "pk_{table}",
		Unique:     "uq_{table}_{columns}",
		Index:      "ix_{table}_{columns}",
		Check:      "ck_{table}_{name}",
		ForeignKey: "fk_{table}_{columns}_{ref}",
		Exclusion:  "ex_{table}_{columns}",
	}
}

// WithDefaults returns n with every empty pattern taken from [DefaultNaming].
func (n Naming) WithDefaults() Naming {
	d := DefaultNaming()
	for _, p := range []struct{ have, want *string }{
		{&n.PrimaryKey, &d.PrimaryKey},
		{&n.Unique, &d.Unique},
		{&n.Index, &d.Index},
		{&n.Check, &d.Check},
		{&n.ForeignKey, &d.ForeignKey},
		{&n.Exclusion, &d.Exclusion},
	} {
		if *p.have == "" {
			*p.have = *p.want
		}
	}
	return n
}

// PrimaryKeyName names the primary key of table.
func (n Naming) PrimaryKeyName(table string) string {
	return n.name(n.PrimaryKey, parts{table: table})
}

// UniqueName names a unique constraint or a unique index.
func (n Naming) UniqueName(table string, columns []string) string {
	return n.name(n.Unique, parts{table: table, columns: columns})
}

// IndexName names an index.
func (n Naming) IndexName(table string, columns []string) string {
	return n.name(n.Index, parts{table: table, columns: columns})
}

// CheckName names the check constraint that the model calls name.
func (n Naming) CheckName(table, name string) string {
	return n.name(n.Check, parts{table: table, name: name})
}

// ForeignKeyName names a foreign key from columns of table to the table ref.
func (n Naming) ForeignKeyName(table string, columns []string, ref string) string {
	return n.name(n.ForeignKey, parts{table: table, columns: columns, ref: ref})
}

// ExclusionName names an exclusion constraint.
func (n Naming) ExclusionName(table string, columns []string) string {
	return n.name(n.Exclusion, parts{table: table, columns: columns})
}

// parts are what a pattern is filled with.
type parts struct {
	table   string
	columns []string
	ref     string
	name    string
}

// fill is the name at its full length.
func (p *parts) fill(pattern string) string {
	and, first := strings.Join(p.columns, "_and_"), ""
	if len(p.columns) > 0 {
		first = p.columns[0]
	}
	return strings.NewReplacer(
		"{table}", p.table, "{columns}", strings.Join(p.columns, "_"), "{ref}", p.ref, "{name}", p.name,
		"{columns and}", and, "{column}", first, "{relation}", strings.TrimSuffix(first, "_id"),
		"{rails fk}", railsHash(p.table, and),
	).Replace(pattern)
}

func (n Naming) name(pattern string, p parts) string {
	return n.Cut.cut(pattern, p.fill(pattern), &p)
}
