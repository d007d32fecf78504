package ddl

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/retort-go/retort/schema"
)

// table compares one table of the models with what the database has.
func (v *verification) table(i int) {
	t, db := &v.s.Tables[i], &v.tables[i]
	say := func(column, problem, remedy string) {
		v.found = append(v.found, Mismatch{Table: t.FullName(), Column: column, Problem: problem, Remedy: remedy})
	}
	switch {
	case db.kind == "":
		say("", "the database has none of this name", "create it with a migration or Base.CreateAll, or look at search_path and the name")
		return
	case !strings.Contains("rpvmf", db.kind):
		say("", "the database has a "+relationKind(db.kind)+" of this name", "rename one of the two")
		return
	case !t.Unmanaged && db.kind != "r" && db.kind != "p":
		say("", "it is a "+relationKind(db.kind), "declare it with retort.Unmanaged, and retort.ReadOnly where it takes no changes")
		return
	}
	isTable := db.kind == "r" || db.kind == "p"
	for c := range t.Columns {
		v.column(i, c, isTable, func(problem, remedy string) { say(t.Columns[c].Name, problem, remedy) })
	}
	if !isTable {
		return
	}
	if !v.using[i].ReadOnly {
		v.unknown(t, db, say)
	}
	v.rules(t, db, say)
}

// column compares one column.
func (v *verification) column(table, at int, isTable bool, say func(problem, remedy string)) {
	t, use := &v.s.Tables[table], &v.using[table]
	c := &t.Columns[at]
	k := slices.IndexFunc(v.tables[table].columns, func(o verifiedColumn) bool { return o.name == c.Name })
	if k < 0 {
		say("missing in the database", "add it with a migration, or take the field out of the model")
		return
	}
	db := &v.tables[table].columns[k]
	v.columnType(t, c, db, func(oid uint32) bool { return use.Reads(at, oid) }, say)
	if !isTable {
		return
	}
	left := use.Left[at]
	switch {
	case c.NotNull && !db.notNull:
		say("may be NULL in the database and not in the model", "make it NOT NULL with a migration, or the field a pointer")
	case !c.NotNull && db.notNull && !use.ReadOnly && !left:
		say("is NOT NULL in the database and may be NULL in the model", "drop NOT NULL with a migration, or make the field no pointer")
	}
	byServer := c.Default != "" || c.Identity != schema.NoIdentity || c.Generated != ""
	switch {
	case use.ReadOnly:
	case left && byServer && db.notNull && !db.fills:
		say("INSERT leaves it to the database, which has no default for it", "add the default with a migration, or have the program set it")
	case !left && db.made:
		say("the database makes its value and takes none from INSERT", "declare it with Column(…).Identity or Generated")
	}
}

// columnType compares types: of managed tables to the letter, of others as far
// as the Go field can hold what comes.
func (v *verification) columnType(t *schema.Table, c *schema.Column, db *verifiedColumn, reads func(oid uint32) bool, say func(problem, remedy string)) {
	want := v.types[typeText(c.Type, v.s.Enums)]
	same := want != "0" && (want == db.oid || want == db.basic)
	if same && !t.Unmanaged {
		if m := modifier(c.Type); m != "" && m != modifier(db.typ) {
			same = false
		}
	}
	if !same && t.Unmanaged {
		oid, err := strconv.ParseUint(db.basic, 10, 32)
		same = err == nil && reads(uint32(oid))
	}
	switch {
	case same:
	case want == "0":
		say(fmt.Sprintf("the database has no type %s; the column is %s there", c.Type, db.typ),
			"create the type or its extension with a migration, or correct the model's")
	default:
		say(fmt.Sprintf("is %s in the database and %s in the model", db.typ, c.Type),
			"change one of the two; Column(…).Type sets the model's")
	}
}

// modifier is what a type has in parentheses, as format_type writes it.
func modifier(typ string) string {
	_, rest, found := strings.Cut(typ, "(")
	inside, _, closed := strings.Cut(rest, ")")
	if !found || !closed {
		return ""
	}
	inside = strings.ReplaceAll(inside, " ", "")
	lower := strings.ToLower(strings.TrimSpace(typ))
	if (strings.HasPrefix(lower, "numeric") || strings.HasPrefix(lower, "decimal")) && !strings.Contains(inside, ",") {
		inside += ",0"
	}
	return inside
}

// unknown are columns that an INSERT would have to name and no model knows.
func (v *verification) unknown(t *schema.Table, db *verified, say func(column, problem, remedy string)) {
	for _, c := range db.columns {
		if _, ok := t.Column(c.name); !ok && c.notNull && !c.fills {
			say(c.name, "is NOT NULL without a default in the database and not in the model, so that every INSERT fails",
				"add a field or a default")
		}
	}
}

// rules are the unique rules and foreign keys that the models declare.
func (v *verification) rules(t *schema.Table, db *verified, say func(column, problem, remedy string)) {
	unique := func(columns []string, partial bool) bool {
		return slices.ContainsFunc(db.uniques, func(u verifiedUnique) bool {
			return u.columns == list(columns) && u.partial == partial
		})
	}
	if pk := t.PrimaryKey; pk != nil && !unique(pk.Columns, false) {
		say("", "no unique rule on the primary key ("+strings.Join(pk.Columns, ", ")+")",
			"add the primary key with a migration: a session keeps one object for each key")
	}
	for _, u := range t.Uniques {
		if !unique(u.Columns, u.Where != "") {
			kind := "unique rule"
			if u.Where != "" {
				kind = "partial unique index"
			}
			say("", "no "+kind+" on ("+strings.Join(u.Columns, ", ")+")", "add it with a migration, or take it out of the model")
		}
	}
	for _, f := range t.ForeignKeys {
		if !v.refers(&f, db) {
			say("", fmt.Sprintf("no foreign key on (%s) to %s", strings.Join(f.Columns, ", "), f.RefFullName()),
				"add it with a migration, or take it out of the model")
		}
	}
}

func (v *verification) refers(f *schema.ForeignKey, db *verified) bool {
	pairs := make([]string, len(f.Columns))
	for i := range f.Columns {
		pairs[i] = f.Columns[i] + " " + f.RefColumns[i]
	}
	target := slices.IndexFunc(v.s.Tables, func(o schema.Table) bool {
		return o.Namespace == f.RefNamespace && o.Name == f.RefTable
	})
	return slices.ContainsFunc(db.foreignKeys, func(o verifiedForeignKey) bool {
		return o.target == strconv.Itoa(target) && o.pairs == list(pairs)
	})
}

// enums compares the values of all enums.
func (v *verification) enums(ctx context.Context) error {
	if len(v.s.Enums) == 0 {
		return nil
	}
	names := make([]string, len(v.s.Enums))
	for i := range v.s.Enums {
		names[i] = qualified(v.s.Enums[i].Namespace, v.s.Enums[i].Name)
	}
	kinds, labels := make(map[string]string), make(map[string]string)
	err := v.rows(ctx, verifyEnumsSQL, "{enums}", values(names), func(row []string) { kinds[row[0]], labels[row[0]] = row[1], row[2] })
	if err != nil {
		return err
	}
	for i := range v.s.Enums {
		e := &v.s.Enums[i]
		key := strconv.Itoa(i)
		var have []string
		if err := json.Unmarshal([]byte(labels[key]), &have); kinds[key] == "e" && err != nil {
			return fmt.Errorf("retort: Verify: read the values of enum %s: %w", e.Name, err)
		}
		v.enum(e, kinds[key], have)
	}
	return nil
}

func (v *verification) enum(e *schema.Enum, kind string, have []string) {
	say := func(problem, remedy string) {
		v.found = append(v.found, Mismatch{Enum: e.FullName(), Problem: problem, Remedy: remedy})
	}
	switch kind {
	case "":
		say("the database has no type of this name", "create it with a migration or Base.CreateAll, or look at search_path and the name")
		return
	case "e":
	default:
		say("the database has a "+typeKind(kind)+" of this name", "rename one of the two")
		return
	}
	for _, value := range e.Values {
		if !slices.Contains(have, value) {
			say("the database does not know the value "+value, "add it with ALTER TYPE … ADD VALUE")
		}
	}
	for _, value := range have {
		if !slices.Contains(e.Values, value) {
			say("the model does not know the value "+value, "add it to NewEnum, so that the program knows what it may read")
		}
	}
}
