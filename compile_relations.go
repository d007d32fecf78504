package retort

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
	"github.com/retort-go/retort/internal/query"
	"github.com/retort-go/retort/schema"
)

// markRelations tells the relation fields of the stand-in from those of rows.
func (d *declaration) markRelations() {
	for _, f := range d.fields {
		if isRelation(f.Type) {
			d.standIn.Pointer(f).(relationField).mark()
		}
	}
}

// call is the function that declares the relation, for errors.
func (r *RelationDef) call() string {
	if r.through != nil {
		return "ManyThrough"
	}
	return r.kind.String()
}

// relations resolves the relations of a model, when all tables are known.
func (c *compiler) relations(p *part) {
	declared := make(map[int]bool)
	for _, r := range p.def.relations {
		i, ok := p.decl.standIn.Find(r.field)
		if !ok {
			c.fail(p.decl, "%s: %s", r.call(), c.stranger(r.field))
			continue
		}
		if declared[i] {
			c.fail(p.decl, "%s %s: declared twice; declare it once", r.call(), p.decl.fields[i].Path)
			continue
		}
		declared[i] = true
		c.relation(p, r, i)
	}
	for i, f := range p.decl.fields {
		if !isRelation(f.Type) || declared[i] {
			continue
		}
		if strings.HasPrefix(f.Type.Name(), "One[") {
			c.fail(p.decl, "field %s: no BelongsTo or HasOne says which row it holds; call retort.BelongsTo(d, &d.C.%s, …) in Define", f.Path, f.Name)
		} else {
			c.fail(p.decl, "field %s: no HasMany says which rows it holds; call retort.HasMany(d, &d.C.%s, …) in Define", f.Path, f.Name)
		}
	}
}

func (c *compiler) relation(p *part, r *RelationDef, field int) {
	name := p.decl.fields[field].Path
	problem := func(format string, args ...any) {
		c.fail(p.decl, "%s %s: "+format, append([]any{r.call(), name}, args...)...)
	}
	child := c.listed(r.child, problem)
	if child == nil {
		return
	}
	rel := &model.Relation{
		Kind: r.kind, Name: name, Field: field, Owner: p.model, Child: child,
		Near: p.model.Key, Columns: child.Key, OnRemove: r.onRemove, Hidden: hidden(p.decl.goType, name),
	}
	ok := false
	switch r.kind {
	case model.ManyToMany:
		ok = c.linked(rel, r, problem)
	case model.BelongsTo:
		rel.Near, ok = c.reference(p.model, r.column, child, "pass a pointer to the field of this model that refers to it, as in &d.C.Field", problem)
	default:
		rel.Columns, ok = c.reference(child, r.column, p.model, fmt.Sprintf("the function must return the address of a column of %s", child.Type), problem)
	}
	if !ok || !rules(rel, problem) {
		return
	}
	p.model.Relations = append(p.model.Relations, rel)
	c.out.relations[rel] = r
}

// listed is the compiled table of a declaration, nil when it is in doubt.
func (c *compiler) listed(decl *declaration, problem func(string, ...any)) *model.Table {
	t, ok := c.out.byDeclaration[decl]
	if !ok && !c.broken[decl] {
		problem("table %q is not listed in NewBase", decl.name)
	}
	if !ok || len(t.Key) == 0 {
		return nil
	}
	return t
}

// reference finds the columns of from that refer to the key of to, by one of
// them.
func (c *compiler) reference(from *model.Table, pointer func() any, to *model.Table, remedy string, problem func(string, ...any)) ([]int, bool) {
	field, err := pointed(pointer)
	if err != nil {
		problem("%w", err)
		return nil, false
	}
	column, _, ok := from.Find(field)
	switch {
	case !ok || column < 0:
		problem("%s", remedy)
		return nil, false
	case len(to.Key) > 1:
		return c.compositeReference(from, column, to, problem)
	case from.Plan.GoType(column) != to.Plan.GoType(to.Key[0]):
		problem("column %q of %s is %s, but the key it refers to is %s",
			from.Columns[column].Name, from.Type, from.Plan.GoType(column), to.Plan.GoType(to.Key[0]))
		return nil, false
	}
	return []int{column}, true
}

// compositeReference takes the columns from the foreign key that column is part of.
func (c *compiler) compositeReference(from *model.Table, column int, to *model.Table, problem func(string, ...any)) ([]int, bool) {
	for i := range from.Schema.ForeignKeys {
		f := &from.Schema.ForeignKeys[i]
		if f.RefFullName() != to.Schema.FullName() || !slices.Contains(f.Columns, from.Columns[column].Name) {
			continue
		}
		columns := make([]int, 0, len(to.Key))
		for _, key := range to.Key {
			at := slices.Index(f.RefColumns, to.Columns[key].Name)
			if at < 0 {
				break
			}
			col, _ := from.Plan.Index(f.Columns[at])
			if from.Plan.GoType(col) == to.Plan.GoType(key) {
				columns = append(columns, col)
			}
		}
		if len(columns) == len(to.Key) && len(f.Columns) == len(columns) {
			return columns, true
		}
	}
	problem("the key it refers to has %d columns; declare d.ForeignKey of %s with column %q and the others, of the same types", len(to.Key), from.Type, from.Columns[column].Name)
	return nil, false
}

// linked resolves the table in between.
func (c *compiler) linked(rel *model.Relation, r *RelationDef, problem func(string, ...any)) (ok bool) {
	if r.through == nil {
		if rel.Link, ok = c.links[r.link]; !ok {
			problem("link table %q is not listed in NewBase", r.link.name)
			return false
		}
		n := len(c.out.byDeclaration[r.link.left].Key)
		rel.LinkNear, rel.LinkFar = rel.Link.Key[:n:n], rel.Link.Key[n:]
		if r.back {
			rel.LinkNear, rel.LinkFar = rel.LinkFar, rel.LinkNear
		}
		return true
	}
	rel.Through = true
	if rel.Link = c.listed(r.through, problem); rel.Link == nil {
		return false
	}
	remedy := fmt.Sprintf("both functions must return the address of a column of %s", rel.Link.Type)
	if rel.LinkNear, ok = c.reference(rel.Link, r.near, rel.Owner, remedy, problem); !ok {
		return false
	}
	rel.LinkFar, ok = c.reference(rel.Link, r.far, rel.Child, remedy, problem)
	return ok
}

// rules settles what becomes of rows that are removed.
func rules(rel *model.Relation, problem func(string, ...any)) bool {
	if rel.Kind == model.ManyToMany || rel.Refers() {
		if rel.OnRemove != "" {
			problem("OnRemove is for HasMany and HasOne: here no row depends on another")
		}
		return rel.OnRemove == ""
	}
	nullable := rel.Nullable()
	switch rel.OnRemove {
	case "":
		rel.OnRemove = schema.Restrict
		if nullable {
			rel.OnRemove = schema.SetNull
		}
	case schema.SetNull:
		if !nullable {
			problem("OnRemove(schema.SetNull), but column %q cannot be NULL; make its field a pointer, or choose schema.Cascade or schema.Restrict",
				rel.Child.Columns[rel.Columns[0]].Name)
			return false
		}
	case schema.Cascade, schema.Restrict:
	default:
		problem("OnRemove(%q): choose schema.Cascade, schema.SetNull or schema.Restrict", string(rel.OnRemove))
		return false
	}
	var names []string
	for _, col := range rel.Columns {
		names = append(names, rel.Child.Columns[col].Name)
	}
	for _, f := range rel.Child.Schema.ForeignKeys {
		if slices.Equal(sorted(f.Columns), sorted(names)) {
			rel.Cascades = f.OnDelete == schema.Cascade || f.OnDelete == schema.SetNull || f.OnDelete == schema.SetDefault
		}
	}
	return true
}

func sorted(names []string) []string {
	names = slices.Clone(names)
	slices.Sort(names)
	return names
}

// inverses finds the relations that are two ends of one.
func (c *compiler) inverses() {
	var all []*model.Relation
	for _, p := range c.parts {
		all = append(all, p.model.Relations...)
	}
	for _, rel := range all {
		for _, other := range all {
			if rel.Inverse == nil && rel != other && c.ends(rel, other) {
				rel.Inverse = other
			}
		}
	}
}

// ends tells whether other is the other end of rel. The end of a reference is the
// relation that holds all the rows which refer.
func (c *compiler) ends(rel, other *model.Relation) bool {
	if rel.Owner != other.Child || rel.Child != other.Owner || rel.Link != other.Link ||
		!slices.Equal(rel.Near, other.Columns) || !slices.Equal(rel.Columns, other.Near) {
		return false
	}
	if rel.Link != nil {
		return !rel.Through && !other.Through && slices.Equal(rel.LinkNear, other.LinkFar)
	}
	return rel.Refers() != other.Refers() && len(c.out.relations[other].where) == 0
}

// checkRelations builds the statement of every relation that has conditions or
// an order of its own, to find what is wrong with them.
func (m *models) checkRelations() error {
	var errs []error
	for _, t := range m.tables {
		for _, rel := range t.Relations {
			def := m.relations[rel]
			if len(def.where)+len(def.order) == 0 {
				continue
			}
			children := query.Children{Label: "query.all", World: query.World{Models: m}, Relation: rel, Where: def.where, Order: def.order, Limit: -1}
			if _, err := children.Rows(); err != nil {
				errs = append(errs, fmt.Errorf("retort: model %s: %s %s: %w", t.Type, def.call(), rel.Name, err))
			}
		}
	}
	return errors.Join(errs...)
}

// pointed asks the user's function for the column.
func pointed(pointer func() any) (field any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the function that names the column panicked: %v", p)
		}
	}()
	return pointer(), nil
}

// hidden tells whether encoding/json leaves the field out.
func hidden(t reflect.Type, path string) bool {
	for _, name := range strings.Split(path, ".") {
		f, ok := t.FieldByName(name)
		if !ok {
			return false
		}
		if f.Tag.Get("json") == "-" {
			return true
		}
		t = f.Type
	}
	return false
}

// linkTable makes the model of a table without one: a struct of the keys of both
// ends.
func (c *compiler) linkTable(l *linkDef) {
	problem := func(format string, args ...any) {
		c.errs = append(c.errs, fmt.Errorf("retort: link table %q: "+format, append([]any{l.name}, args...)...))
	}
	if _, twice := c.links[l]; twice {
		problem("listed twice in NewBase; list it once")
		return
	}
	left, right := c.listed(l.left, problem), c.listed(l.right, problem)
	if left == nil || right == nil {
		return
	}
	if left == right && (l.columns[0] == nil || l.columns[1] == nil) {
		problem("it ties %s to itself; name its columns with Columns", left.Type)
		return
	}
	var fields []reflect.StructField
	for i, t := range []*model.Table{left, right} {
		names := l.columns[i]
		if names == nil {
			for _, col := range t.Key {
				names = append(names, mapper.SnakeCase(t.Type.Name())+"_"+t.Columns[col].Name)
			}
		}
		if len(names) != len(t.Key) {
			problem("Columns names %d columns for the key of %s, which has %d", len(names), t.Type, len(t.Key))
			return
		}
		for k, col := range t.Key {
			fields = append(fields, reflect.StructField{
				Name: fmt.Sprintf("F%d", len(fields)), Type: t.Plan.GoType(col),
				Tag: reflect.StructTag(fmt.Sprintf("db:%q table:%q", names[k], l.namespace+"."+l.name)),
			})
		}
	}
	decl := &declaration{name: l.name, namespace: l.namespace, goType: reflect.StructOf(fields)}
	decl.fields, decl.err = mapper.Fields(decl.goType)
	if decl.err != nil {
		problem("%w", decl.err)
		return
	}
	decl.standIn = mapper.NewStandIn(decl.goType, decl.fields)
	decl.define = func(core *definition) { defineLink(core, left, right) }
	c.table(decl)
	if t := c.out.byDeclaration[decl]; t != nil && !c.broken[decl] {
		t.Tie = true
		c.links[l] = t
	}
}

// defineLink is the Define of a link table.
func defineLink(core *definition, left, right *model.Table) {
	at := 0
	for i, t := range []*model.Table{left, right} {
		var own, targets []any
		for _, col := range t.Key {
			field := core.decl.standIn.Pointer(core.decl.fields[at])
			at++
			own = append(own, field)
			targets = append(targets, t.StandIn.Pointer(t.Plan.Column(col).Field))
			if !t.Plan.Column(col).Enum {
				core.columns = append(core.columns, &ColumnDef{field: field, sqlType: t.Schema.Columns[col].Type})
			}
		}
		core.primaryKey = append(core.primaryKey, own...)
		core.references = append(core.references, &ForeignKeyDef{fields: own, targets: targets, onDelete: schema.Cascade})
		if i == 1 {
			x := &IndexDef{}
			x.add(own...)
			core.indexes = append(core.indexes, x)
		}
	}
}
