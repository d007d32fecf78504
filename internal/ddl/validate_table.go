package ddl

import (
	"fmt"
	"slices"
	"strings"

	"github.com/retort-go/retort/schema"
)

// Limits that are compiled into PostgreSQL.
const (
	maxColumns    = 1600
	maxKeyColumns = 32
)

func (v *validation) table(t *schema.Table) {
	where := "table " + t.FullName()
	if len(t.Columns) == 0 {
		v.problem(where, "it has no columns")
	}
	if len(t.Columns) > maxColumns {
		v.problem(where, "it has %d columns, PostgreSQL takes %d", len(t.Columns), maxColumns)
	}
	seen := map[string]bool{}
	for i := range t.Columns {
		c := &t.Columns[i]
		if seen[c.Name] {
			v.problem(where, "column %s is there twice", c.Name)
		}
		seen[c.Name] = true
		v.column(where, c)
	}
	v.renamed(where, t)
	v.text(where, "comment", t.Comment)
	v.text(where, "list of storage parameters", t.Storage)
	tv := tableValidation{validation: v, t: t, constraints: map[string]bool{}}
	tv.keys()
	tv.checks()
	for i := range t.ForeignKeys {
		tv.foreignKey(&t.ForeignKeys[i])
	}
	for i := range t.Exclusions {
		tv.exclusion(&t.Exclusions[i])
	}
	for i := range t.Indexes {
		tv.index(&t.Indexes[i])
	}
}

// renamed checks what the table and its columns were called before: nothing else
// may have that name, or come from it.
func (v *validation) renamed(where string, t *schema.Table) {
	for i := range v.schema.Tables {
		other := &v.schema.Tables[i]
		if t.RenamedFrom == "" || other.Namespace != t.Namespace {
			continue
		}
		if other.Name == t.RenamedFrom || other != t && other.RenamedFrom == t.RenamedFrom {
			v.problem(where, "it is renamed from %s, and so is or is called table %s; remove one RenamedFrom", t.RenamedFrom, other.FullName())
		}
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.RenamedFrom == "" {
			continue
		}
		for j := range t.Columns {
			other := &t.Columns[j]
			if other.Name == c.RenamedFrom || i != j && other.RenamedFrom == c.RenamedFrom {
				v.problem(where+": column "+c.Name, "it is renamed from %s, and so is or is called column %s; remove one RenamedFrom", c.RenamedFrom, other.Name)
			}
		}
	}
}

// tableValidation looks at the constraints of one table.
type tableValidation struct {
	*validation
	t           *schema.Table
	constraints map[string]bool
}

// constraint takes a name among the constraints of the table and returns the
// place for problems.
func (tv *tableValidation) constraint(name string) string {
	table := "table " + tv.t.FullName()
	tv.name("constraint", table, name)
	where := table + ": constraint " + name
	if tv.constraints[name] {
		tv.problem(where, "another constraint of the table has this name")
	}
	tv.constraints[name] = true
	return where
}

// claimRelation takes the name of an index; it lives where its table does.
func (tv *tableValidation) claimRelation(where, name string) {
	tv.claim(where, place{tv.t.Namespace, name})
}

func (tv *tableValidation) keys() {
	if pk := tv.t.PrimaryKey; pk != nil {
		where := tv.constraint(pk.Name)
		tv.claimRelation(where, pk.Name)
		tv.columns(where, pk.Columns)
	}
	for i := range tv.t.Uniques {
		u := &tv.t.Uniques[i]
		where := "table " + tv.t.FullName() + ": index " + u.Name
		if u.Where == "" {
			where = tv.constraint(u.Name)
		} else {
			tv.name("index", "table "+tv.t.FullName(), u.Name)
			if u.Deferrable != schema.NotDeferrable {
				tv.problem(where, "it has a predicate and is deferrable; PostgreSQL takes one of them")
			}
		}
		tv.claimRelation(where, u.Name)
		tv.columns(where, u.Columns)
		tv.included(where, u.Include)
		tv.text(where, "predicate", u.Where)
		tv.deferrable(where, u.Deferrable)
	}
}

func (tv *tableValidation) checks() {
	for i := range tv.t.Checks {
		c := &tv.t.Checks[i]
		where := tv.constraint(c.Name)
		if strings.TrimSpace(c.Expression) == "" {
			tv.problem(where, "its expression is empty")
		}
		tv.text(where, "expression", c.Expression)
	}
}

// columns checks a list of columns of the table and says whether it is whole.
func (tv *tableValidation) columns(where string, names []string) bool {
	before := len(tv.problems)
	if len(names) == 0 {
		tv.problem(where, "it has no columns")
	}
	if len(names) > maxKeyColumns {
		tv.problem(where, "it has %d columns, PostgreSQL takes %d", len(names), maxKeyColumns)
	}
	for i, name := range names {
		if _, ok := tv.t.Column(name); !ok {
			tv.problem(where, "the table has no column %q", name)
		}
		if slices.Contains(names[:i], name) {
			tv.problem(where, "column %q is there twice", name)
		}
	}
	return len(tv.problems) == before
}

func (tv *tableValidation) deferrable(where string, d schema.Deferrable) {
	switch d {
	case schema.NotDeferrable, schema.InitiallyImmediate, schema.InitiallyDeferred:
	default:
		tv.problem(where, "it is deferrable as %q; there are %q and %q", d,
			schema.InitiallyImmediate, schema.InitiallyDeferred)
	}
}

func (tv *tableValidation) foreignKey(fk *schema.ForeignKey) {
	where := tv.constraint(fk.Name)
	tv.deferrable(where, fk.Deferrable)
	whole := tv.columns(where, fk.Columns)
	for _, on := range []struct {
		what   string
		action schema.Action
	}{{"ON DELETE", fk.OnDelete}, {"ON UPDATE", fk.OnUpdate}} {
		tv.action(where, on.what, on.action, fk.Columns)
	}
	tv.generatedKey(where, fk)
	ref, ok := tv.schema.TableIn(fk.RefNamespace, fk.RefTable)
	if !ok {
		tv.problem(where, "it refers to the table %q, which is not registered", fullName(fk.RefNamespace, fk.RefTable))
		return
	}
	if len(fk.Columns) != len(fk.RefColumns) {
		tv.problem(where, "it has %s but refers to %s", count(fk.Columns), count(fk.RefColumns))
		return
	}
	for _, name := range fk.RefColumns {
		if _, ok := ref.Column(name); !ok {
			tv.problem(where, "it refers to the column %q, which table %s does not have", name, ref.FullName())
			whole = false
		}
	}
	if whole {
		tv.target(where, fk, ref)
	}
}

func count(columns []string) string {
	if len(columns) == 1 {
		return "1 column"
	}
	return fmt.Sprintf("%d columns", len(columns))
}

func (tv *tableValidation) action(where, what string, a schema.Action, columns []string) {
	switch a {
	case schema.NoAction, schema.Restrict, schema.Cascade, schema.SetDefault:
	case schema.SetNull:
		for _, name := range columns {
			if c, ok := tv.t.Column(name); ok && c.NotNull {
				tv.problem(where, "it says %s SET NULL, but column %q is NOT NULL", what, name)
			}
		}
	default:
		tv.problem(where, "its %s action is %q; there are %q, %q, %q and %q", what, a,
			schema.Restrict, schema.Cascade, schema.SetNull, schema.SetDefault)
	}
}

// generatedKey refuses the actions that would write to a generated column.
func (tv *tableValidation) generatedKey(where string, fk *schema.ForeignKey) {
	writes := func(a schema.Action) bool { return a == schema.SetNull || a == schema.SetDefault }
	for _, name := range fk.Columns {
		if c, ok := tv.t.Column(name); !ok || c.Generated == "" {
			continue
		}
		if writes(fk.OnDelete) || writes(fk.OnUpdate) || fk.OnUpdate == schema.Cascade {
			tv.problem(where, "column %q is generated; ON DELETE may be RESTRICT or CASCADE, ON UPDATE may be RESTRICT", name)
		}
	}
}

// target checks what a whole foreign key refers to: something unique, of types
// that PostgreSQL can compare.
func (tv *tableValidation) target(where string, fk *schema.ForeignKey, ref *schema.Table) {
	unique := ref.PrimaryKey != nil && sameColumns(ref.PrimaryKey.Columns, fk.RefColumns)
	for i := range ref.Uniques {
		u := &ref.Uniques[i]
		unique = unique ||
			u.Where == "" && u.Deferrable == schema.NotDeferrable && sameColumns(u.Columns, fk.RefColumns)
	}
	for i := range ref.Indexes {
		unique = unique || sameColumns(uniqueColumns(&ref.Indexes[i]), fk.RefColumns)
	}
	if !unique {
		tv.problem(where, "it refers to %s (%s), which is neither the primary key nor unique at once and without a predicate",
			ref.FullName(), strings.Join(fk.RefColumns, ", "))
	}
	for i, name := range fk.Columns {
		c, _ := tv.t.Column(name)
		r, _ := ref.Column(fk.RefColumns[i])
		if a, b := family(c.Type), family(r.Type); a != b && a != "" && b != "" {
			tv.problem(where, "column %q is %s, but refers to column %q, which is %s", name, c.Type, r.Name, r.Type)
		}
	}
}

// uniqueColumns are the columns of an index that a foreign key can refer to; nil
// for any other index.
func uniqueColumns(ix *schema.Index) []string {
	if !ix.Unique || ix.Where != "" {
		return nil
	}
	var names []string
	for _, p := range ix.Parts {
		if p.Expression != "" || p.OperatorClass != "" {
			return nil
		}
		names = append(names, p.Column)
	}
	return names
}

func sameColumns(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for _, name := range a {
		if !slices.Contains(b, name) {
			return false
		}
	}
	return true
}

// family groups the built-in types that foreign keys can pair, as far as we are
// sure; empty for all others, domains and enums among them.
func family(typ string) string {
	base, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(typ)), "(")
	switch strings.TrimSpace(base) {
	case "smallint", "integer", "bigint", "int", "int2", "int4", "int8":
		return "integer"
	case "text", "varchar", "character varying", "char", "character", "bpchar":
		return "text"
	case "uuid":
		return "uuid"
	case "boolean", "bool":
		return "boolean"
	case "bytea":
		return "bytea"
	}
	return ""
}
