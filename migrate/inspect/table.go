package inspect

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/migrate/catalog"
	"github.com/retort-go/retort/schema"
)

// table is one table as Go writes it.
type table struct {
	catalog   *catalog.Table
	schema    schema.Table
	unmanaged string // why models cannot say it in full
	goName    string // of the struct
	variable  string
	fields    []field
	mixins    []string
	taken     naming // names of fields
	relations []relation
}

// field is one column as Go writes it.
type field struct {
	name       string
	goType     goType
	typed      string // for Type
	column     schema.Column
	serverMade bool
	mixin      bool
	forced     bool // NotNull
}

// text is the Go type of the field.
func (f *field) text() string {
	if f.column.NotNull || f.goType.null {
		return f.goType.text
	}
	return "*" + f.goType.text
}

// field is the field of a column.
func (t *table) field(column string) (*field, bool) {
	i := slices.IndexFunc(t.fields, func(f field) bool { return f.column.Name == column })
	if i < 0 {
		return nil, false
	}
	return &t.fields[i], true
}

// tableNames decides which tables become models, and how they are called.
func (d *declared) tableNames() {
	all := slices.Clone(d.database.Tables)
	slices.SortStableFunc(all, func(a, b catalog.Table) int { // the current schema has the first choice of names
		return strings.Compare(d.namespace(a.Namespace), d.namespace(b.Namespace))
	})
	for i := range all {
		t := &all[i]
		ref := t.Ref()
		key := slices.IndexFunc(t.Constraints, func(k catalog.Constraint) bool { return k.Kind == catalog.PrimaryKey })
		switch {
		case t.Partition():
			d.note(ref, "", "a partition belongs to its table; it stays the database's")
			continue
		case key < 0:
			d.note(ref, "", "it has no primary key, which a model must have; it stays the database's")
			continue
		}
		out := &table{catalog: t, taken: naming{"Define": true}}
		base := exported(t.Name)
		if d.taken[singular(base)] || d.taken[base] {
			base = exported(t.Namespace) + base
		}
		out.goName = d.taken.take(singular(base))
		if base == out.goName {
			base += "Table"
		}
		out.variable = d.taken.take(base)
		out.schema = schema.Table{Namespace: d.namespace(t.Namespace), Name: t.Name}
		out.unmanaged = d.refused[partRef{Ref: ref}]
		switch {
		case t.PartitionBy != "":
			out.unmanaged = "it is partitioned, which models cannot say"
		case len(t.Inherits) > 0:
			out.unmanaged = "it inherits from another table, which models cannot say"
		case t.Foreign:
			out.unmanaged = "it is a foreign table, which models cannot say"
		}
		for j := range t.Columns {
			if _, _, ok := d.typeOf(&t.Columns[j]); !ok && out.unmanaged == "" {
				out.unmanaged = "its column " + t.Columns[j].Name + " is of type " + t.Columns[j].Type + ", which no field can hold"
			}
		}
		if !d.keyKnown(t, &t.Constraints[key]) {
			d.note(ref, "", "no field can hold its primary key; it stays the database's")
			continue
		}
		d.tables = append(d.tables, out)
	}
}

func (d *declared) keyKnown(t *catalog.Table, key *catalog.Constraint) bool {
	for _, name := range key.Columns {
		col, ok := t.Column(name)
		if !ok {
			return false
		}
		if g, _, ok := d.typeOf(col); !ok || g.null || g.text == "json.RawMessage" || strings.HasPrefix(g.text, "[]") || g.text == "float32" || g.text == "float64" {
			return false
		}
	}
	return true
}

// fill makes the columns and the rules of one table.
func (d *declared) fill(t *table) {
	if t.unmanaged != "" {
		t.schema.Unmanaged = true
		if !d.allowed(t.catalog.Ref()) {
			// said in the refusals already
		} else {
			d.note(t.catalog.Ref(), "", t.unmanaged)
		}
	} else {
		t.schema.Unlogged = t.catalog.Persistence == catalog.Unlogged
		t.schema.Storage = t.catalog.Storage
		t.schema.Comment = t.catalog.Comment
	}
	for i := range t.catalog.Columns {
		d.column(t, &t.catalog.Columns[i])
	}
	t.mix()
	for i := range t.catalog.Constraints {
		t.constraint(&t.catalog.Constraints[i])
	}
	if t.unmanaged == "" {
		for i := range t.catalog.Indexes {
			t.index(&t.catalog.Indexes[i])
		}
	}
}

var nextval = regexp.MustCompile(`^nextval\('.*'::regclass\)$`)

// constants are defaults that a program can write as well.
var constants = regexp.MustCompile(`^(?i:\(?-?[0-9.]+\)?|'([^']|'')*'|true|false)(::[^()']+(\([0-9, ]+\)[^()']*)?)*$`)

func (d *declared) column(t *table, col *catalog.Column) {
	g, typed, ok := d.typeOf(col)
	if !ok {
		return // the table is Unmanaged
	}
	f := field{goType: g, typed: typed, name: t.taken.take(exported(col.Name))}
	f.column = schema.Column{Name: col.Name, Type: d.typeText(col), NotNull: col.NotNull, Comment: col.Comment, Generated: col.Generated, Default: col.Default}
	f.column.Collation = unquote(col.Collation)
	f.forced = g.null && col.NotNull
	f.serverMade = col.Default != "" && !constants.MatchString(col.Default)
	owned := slices.IndexFunc(d.database.Sequences, func(s catalog.Sequence) bool {
		return s.OwnerNamespace == t.catalog.Namespace && s.OwnerTable == t.catalog.Name && s.OwnerColumn == col.Name
	})
	switch {
	case col.Identity != "":
		f.column.Identity = schema.Identity(col.Identity)
		f.column.Sequence = sequence(col.Sequence)
	case owned >= 0 && nextval.MatchString(col.Default) && col.NotNull && slices.Contains([]string{"int16", "int32", "int64"}, g.text):
		f.column.Identity, f.column.Default, f.serverMade = schema.Serial, "", false
		d.serials[d.database.Sequences[owned].Ref()] = t.catalog.Ref()
	}
	if t.unmanaged != "" { // only what sessions need
		f.serverMade = f.serverMade || f.column.Identity != "" || col.Generated != ""
		f.column.Identity, f.column.Sequence, f.column.Default, f.column.Generated = "", schema.Sequence{}, "", ""
		f.column.Comment, f.column.Collation = "", ""
	}
	t.fields = append(t.fields, f)
	t.schema.Columns = append(t.schema.Columns, f.column)
}

// typeText is the column's type as package schema has it: the full name, without
// quotes, of an enum; else SQL.
func (d *declared) typeText(col *catalog.Column) string {
	for _, e := range d.enums {
		if col.Enum && col.TypeRef == (catalog.Ref{Kind: catalog.KindType, Namespace: col.TypeRef.Namespace, Name: e.Name}) && d.namespace(col.TypeRef.Namespace) == e.Namespace {
			return e.FullName() + col.Type[len(strings.TrimSuffix(col.Type, "[]")):]
		}
	}
	return col.Type
}

func sequence(options string) schema.Sequence {
	words := strings.Fields(options)
	var out schema.Sequence
	for i := 0; i+2 < len(words); i++ {
		n, err := strconv.ParseInt(words[i+2], 10, 64)
		switch {
		case err != nil:
		case words[i] == "START":
			out.Start = n
		case words[i] == "INCREMENT":
			out.Increment = n
		}
	}
	return out
}

// mix finds the columns that a mixin says as well.
func (t *table) mix() {
	if t.unmanaged != "" {
		return
	}
	mixed := func(mixin string, names ...string) {
		t.mixins = append(t.mixins, mixin)
		for _, name := range names {
			f, _ := t.field(name)
			f.mixin = true
		}
	}
	plain := func(name, typ string) (*field, bool) {
		f, ok := t.field(name)
		return f, ok && f.column.Type == typ && f.column.NotNull && f.column.Comment == "" && f.column.Generated == "" && f.typed == ""
	}
	key := slices.IndexFunc(t.catalog.Constraints, func(k catalog.Constraint) bool { return k.Kind == catalog.PrimaryKey })
	if columns := t.catalog.Constraints[key].Columns; len(columns) == 1 && columns[0] == "id" {
		if f, ok := plain("id", "bigint"); ok && f.column.Identity == schema.IdentityByDefault && f.column.Sequence == (schema.Sequence{}) {
			mixed("retort.BigintKey", "id")
		} else if f, ok := plain("id", "uuid"); ok && f.column.Default == "" {
			mixed("retort.UUIDKey", "id")
		}
	}
	created, ok := plain("created_at", "timestamp with time zone")
	updated, both := plain("updated_at", "timestamp with time zone")
	if ok && both && created.column.Default == "now()" && updated.column.Default == "now()" {
		mixed("retort.Timestamps", "created_at", "updated_at")
	}
}

func (t *table) constraint(k *catalog.Constraint) {
	deferrable := schema.NotDeferrable
	switch {
	case k.Deferred:
		deferrable = schema.InitiallyDeferred
	case k.Deferrable:
		deferrable = schema.InitiallyImmediate
	}
	_, inside, behind := group(k.Definition)
	included := func(text string) []string {
		if before, columns, _ := group(text); strings.HasSuffix(strings.TrimSpace(before), "INCLUDE") {
			return names(columns)
		}
		return nil
	}
	switch {
	case k.Kind == catalog.PrimaryKey:
		t.schema.PrimaryKey = &schema.PrimaryKey{Name: k.Name, Columns: k.Columns}
	case t.unmanaged != "" && k.Kind != catalog.Unique || !k.Valid:
	case k.Kind == catalog.Unique && t.unmanaged == "":
		t.schema.Uniques = append(t.schema.Uniques, schema.Unique{
			Name: k.Name, Columns: k.Columns, NullsNotDistinct: k.NullsNotDistinct, Include: included(behind), Deferrable: deferrable,
		})
	case k.Kind == catalog.Check:
		t.schema.Checks = append(t.schema.Checks, schema.Check{Name: k.Name, Expression: bare(inside)})
	case k.Kind == catalog.Exclusion:
		e := schema.Exclusion{Name: k.Name, Deferrable: deferrable, Include: included(behind)}
		before, _, _ := group(k.Definition)
		words := strings.Fields(before)
		if len(words) > 2 && words[2] != "gist" {
			e.Method = unquote(words[2])
		}
		for _, item := range list(inside) {
			at := strings.LastIndex(item, " WITH ")
			if at < 0 {
				return
			}
			e.Parts = append(e.Parts, schema.ExclusionPart{IndexPart: part(item[:at]), Operator: item[at+len(" WITH "):]})
		}
		if _, where, found := strings.Cut(behind, " WHERE "); found {
			_, predicate, _ := group(where)
			e.Where = bare(predicate)
		}
		t.schema.Exclusions = append(t.schema.Exclusions, e)
	}
}

func (t *table) index(ix *catalog.Index) {
	if ix.Attached || !ix.Valid {
		return
	}
	_, inside, _ := group(strings.TrimPrefix(ix.Definition, "USING "))
	out := schema.Index{
		Name: ix.Name, Unique: ix.Unique, NullsNotDistinct: ix.NullsNotDistinct, Where: ix.Predicate, Storage: ix.Storage,
	}
	if ix.Method != "btree" {
		out.Method = ix.Method
	}
	for _, name := range ix.Included {
		out.Include = append(out.Include, unquote(name))
	}
	for _, item := range list(inside) {
		out.Parts = append(out.Parts, part(item))
	}
	t.schema.Indexes = append(t.schema.Indexes, out)
}

// foreignKeys adds those whose table is in these models.
func (d *declared) foreignKeys(t *table) {
	if t.unmanaged != "" {
		return
	}
	for i := range t.catalog.Constraints {
		k := &t.catalog.Constraints[i]
		to := d.tableOf(k.RefTable)
		if k.Kind != catalog.ForeignKey || !k.Valid || to == nil {
			continue
		}
		_, _, behind := group(k.Definition)
		_, referred, _ := group(behind)
		fk := schema.ForeignKey{
			Name: k.Name, Columns: k.Columns, RefNamespace: to.schema.Namespace, RefTable: to.schema.Name, RefColumns: names(referred),
			OnDelete: schema.Action(k.OnDelete), OnUpdate: schema.Action(k.OnUpdate),
		}
		switch {
		case k.Deferred:
			fk.Deferrable = schema.InitiallyDeferred
		case k.Deferrable:
			fk.Deferrable = schema.InitiallyImmediate
		}
		t.schema.ForeignKeys = append(t.schema.ForeignKeys, fk)
	}
}

func (d *declared) tableOf(ref catalog.Ref) *table {
	for _, t := range d.tables {
		if t.catalog.Ref() == ref {
			return t
		}
	}
	return nil
}

// defaultColumn is the column that a field names by itself.
func defaultColumn(field string) string { return mapper.SnakeCase(field) }
