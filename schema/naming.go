package schema

import (
	"fmt"
	"hash/fnv"
	"strings"
)

// MaxIdentifier is the longest name that PostgreSQL keeps, in bytes.
const MaxIdentifier = 63

// Naming makes the names of constraints and indexes that a model leaves open.
//
//   - Shape: each field is a pattern in which {table}, {columns} (joined by _),
//     {columns and} (joined by _and_), {column} (the first), {relation} (the first
//     without its _id), {ref} (the table referred to), {name} (a check's own name) and
//     {rails fk} (Rails' hash of table and columns) are replaced. A name over
//     63 bytes is cut and ends in a hash of the whole.
//   - Source: the naming conventions of SQLAlchemy's MetaData.
type Naming struct {
	PrimaryKey string
	Unique     string
	Index      string
	Check      string
	ForeignKey string
	Exclusion  string
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
	return expand(n.PrimaryKey, table, nil, "", "")
}

// UniqueName names a unique constraint or a unique index.
func (n Naming) UniqueName(table string, columns []string) string {
	return expand(n.Unique, table, columns, "", "")
}

// IndexName names an index.
func (n Naming) IndexName(table string, columns []string) string {
	return expand(n.Index, table, columns, "", "")
}

// CheckName names the check constraint that the model calls name.
func (n Naming) CheckName(table, name string) string {
	return expand(n.Check, table, nil, "", name)
}

// ForeignKeyName names a foreign key from columns of table to the table ref.
func (n Naming) ForeignKeyName(table string, columns []string, ref string) string {
	return expand(n.ForeignKey, table, columns, ref, "")
}

// ExclusionName names an exclusion constraint.
func (n Naming) ExclusionName(table string, columns []string) string {
	return expand(n.Exclusion, table, columns, "", "")
}

func expand(pattern, table string, columns []string, ref, name string) string {
	and, first := strings.Join(columns, "_and_"), ""
	if len(columns) > 0 {
		first = columns[0]
	}
	long := strings.NewReplacer(
		"{table}", table, "{columns}", strings.Join(columns, "_"), "{ref}", ref, "{name}", name,
		"{columns and}", and, "{column}", first, "{relation}", strings.TrimSuffix(first, "_id"),
		"{rails fk}", railsHash(table, and),
	).Replace(pattern)
	if len(long) <= MaxIdentifier {
		return long
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(long))
	suffix := fmt.Sprintf("_%08x", h.Sum32())
	return strings.ToValidUTF8(long[:MaxIdentifier-len(suffix)], "") + suffix
}
