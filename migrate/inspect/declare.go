package inspect

import (
	"cmp"
	"slices"
	"strings"

	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/migrate/autogenerate"
	"github.com/retort-go/retort/migrate/catalog"
	"github.com/retort-go/retort/schema"
)

// declared is what the models say: as a schema, which can be built, and as what is
// needed to write them in Go.
type declared struct {
	database *catalog.Catalog
	refused  refusals
	schema   schema.Schema
	objects  map[string]catalog.Ref // by the kind and name that a statement has
	types    map[catalog.Ref]goType
	serials  map[catalog.Ref]catalog.Ref // sequences of serials → their tables
	notes    []Note

	enums      []*enum
	domains    []typeObject
	composites []*composite
	tables     []*table
	code       []codeObject // functions, views, triggers and policies
	extensions []string
	naming     schema.Naming
	taken      naming
}

// enum is an enum as Go writes it.
type enum struct {
	schema.Enum
	name      string
	constants []string
}

// typeObject is a domain or range.
type typeObject struct {
	maker    string // NewDomain or NewRange
	name, of string
	create   string
}

// composite is a composite type and its struct.
type composite struct {
	name, goName, create string
	fields               []field
}

// codeObject is an object that is declared by its SQL.
type codeObject struct {
	schema.Object
	table string // as Trigger and Policy name it
}

// declare turns the catalog into models, but for what is refused.
func declare(c *catalog.Catalog, refused refusals) *declared {
	d := &declared{
		database: c, refused: refused, objects: map[string]catalog.Ref{}, types: map[catalog.Ref]goType{}, serials: map[catalog.Ref]catalog.Ref{},
		taken: naming{"Base": true},
	}
	d.notes = refused.notes()
	for i := range c.Extensions {
		ref := catalog.Ref{Kind: catalog.KindExtension, Name: c.Extensions[i].Name}
		if _, no := refused[partRef{Ref: ref}]; no {
			continue
		}
		d.extensions = append(d.extensions, ref.Name)
		d.schema.Objects = append(d.schema.Objects, schema.Object{Kind: schema.Extension, Name: ref.Name})
		d.objects["extension "+ref.Name] = ref
	}
	for _, ref := range c.Order {
		if t, ok := c.Type(ref.Namespace, ref.Name); ok && ref.Kind == catalog.KindType && d.allowed(ref) {
			d.typ(t)
		}
	}
	d.tableNames()
	for _, t := range d.tables {
		d.fill(t)
	}
	for _, t := range d.tables {
		d.foreignKeys(t)
	}
	d.relations()
	for _, ref := range c.Order {
		if f, ok := c.Function(ref.Namespace, ref.Name); ok && ref.Kind == catalog.KindFunction && d.allowed(ref) {
			d.function(f)
		}
	}
	for _, ref := range c.Order {
		if v, ok := c.View(ref.Namespace, ref.Name); ok && ref.Kind == catalog.KindView && d.allowed(ref) {
			d.view(v)
		}
	}
	for _, t := range d.tables {
		if t.unmanaged == "" {
			d.watchers(t)
		}
	}
	for i := range c.Sequences {
		if s := &c.Sequences[i]; s.OwnerTable == "" && d.allowed(s.Ref()) {
			name := sqltext.Qualified(d.namespace(s.Namespace), s.Name)
			d.code = append(d.code, codeObject{Object: schema.Object{
				Kind: schema.SequenceObject, Name: name, Create: autogenerate.Create(c, s.Ref(), ""), Comment: s.Comment,
			}})
			d.objects["sequence "+name] = s.Ref()
		}
	}
	for _, t := range d.tables {
		d.schema.Tables = append(d.schema.Tables, t.schema)
	}
	for i := range d.code {
		d.schema.Objects = append(d.schema.Objects, d.code[i].Object)
	}
	return d
}

func (d *declared) note(ref catalog.Ref, part, reason string) {
	d.notes = append(d.notes, Note{ref, part, reason})
}

// allowed reports whether an object was not refused.
func (d *declared) allowed(ref catalog.Ref) bool {
	_, no := d.refused[partRef{Ref: ref}]
	return !no
}

// namespace is how models name a schema: empty for the current one.
func (d *declared) namespace(name string) string {
	if name == d.database.Namespace {
		return ""
	}
	return name
}

// sqlName is how SQL text names something, with quotes where they must be.
func (d *declared) sqlName(namespace, name string) string {
	plain := func(name string) string {
		for i, r := range name {
			if r != '_' && (r < 'a' || r > 'z') && (i == 0 || r < '0' || r > '9') {
				return sqltext.Ident(name)
			}
		}
		return name
	}
	if namespace = d.namespace(namespace); namespace != "" {
		return plain(namespace) + "." + plain(name)
	}
	return plain(name)
}

// serialOf is the table that a sequence belongs to, else the sequence itself.
func (d *declared) serialOf(ref catalog.Ref) catalog.Ref {
	return cmp.Or(d.serials[ref], ref)
}

func (d *declared) typ(t *catalog.Type) {
	ref := t.Ref()
	name := d.sqlName(t.Namespace, t.Name)
	switch t.Kind {
	case catalog.Enum:
		if len(t.Labels) == 0 || slices.Contains(t.Labels, "") {
			d.note(ref, "", "it has no label, or an empty one, which models cannot say")
			return
		}
		e := &enum{Enum: schema.Enum{Namespace: d.namespace(t.Namespace), Name: t.Name, Values: t.Labels}}
		e.name = d.taken.take(singular(exported(t.Name)))
		for _, label := range t.Labels {
			e.constants = append(e.constants, d.taken.take(e.name+exported(label)))
		}
		d.enums = append(d.enums, e)
		d.schema.Enums = append(d.schema.Enums, e.Enum)
		d.types[ref] = goType{text: e.name, whole: true}
		d.objects["enum "+e.FullName()] = ref
		return
	case catalog.Domain, catalog.Range:
		base, known := builtIn(withoutModifier(t.Base))
		if !known || base.null {
			d.note(ref, "", "it is made of "+t.Base+", for which models have no type")
			return
		}
		object := typeObject{maker: "NewDomain", name: name, of: t.Base, create: autogenerate.Create(d.database, ref, "")}
		g := base
		g.whole = false
		if t.Kind == catalog.Range {
			object.maker = "NewRange"
			g = goType{"pgtype.Range[" + base.text + "]", pgtypePath, false, true}
			if base.text == "string" || base.text == "time.Time" {
				d.note(ref, "", "models have no type for its bounds")
				return
			}
		}
		d.domains = append(d.domains, object)
		d.types[ref] = g
		d.typeObject(ref, name, object.create)
	case catalog.Composite:
		made := &composite{name: name, create: autogenerate.Create(d.database, ref, "")}
		taken := naming{}
		for i := range t.Fields {
			f := field{column: schema.Column{Name: t.Fields[i].Name}, name: taken.take(exported(t.Fields[i].Name))}
			var ok bool
			if f.goType, f.typed, ok = d.typeOf(&t.Fields[i]); !ok || f.goType.null {
				d.note(ref, "", "its field "+t.Fields[i].Name+" is of type "+t.Fields[i].Type+", for which models have no type")
				return
			}
			made.fields = append(made.fields, f)
		}
		made.goName = d.taken.take(singular(exported(t.Name)))
		d.composites = append(d.composites, made)
		d.types[ref] = goType{text: made.goName, whole: true}
		d.typeObject(ref, name, made.create)
	default:
		d.note(ref, "", "models have no "+string(t.Kind)+" types; it stays the database's")
	}
}

func (d *declared) typeObject(ref catalog.Ref, name, create string) {
	d.schema.Objects = append(d.schema.Objects, schema.Object{Kind: schema.Type, Name: name, Create: create})
	d.objects["type "+name] = ref
}

func (d *declared) function(f *catalog.Function) {
	ref := f.Ref()
	if f.Kind == "WINDOW" || strings.Contains(f.Definition, "{function}") {
		d.note(ref, "", "models cannot make it; it stays the database's")
		return
	}
	o := schema.Object{
		Kind: schema.Function, Name: f.Name, Arguments: f.Arguments, Namespace: d.namespace(f.Namespace),
		Create: autogenerate.Create(d.database, ref, ""), Comment: f.Comment,
	}
	d.objects[objectKey("function", o.Namespace, f.Name+"("+f.Arguments+")")] = ref
	d.code = append(d.code, codeObject{Object: o})
}

func (d *declared) view(v *catalog.View) {
	ref := v.Ref()
	if len(v.Triggers) > 0 {
		d.note(ref, "", "models know no triggers of views; they stay the database's")
	}
	name := sqltext.Qualified(d.namespace(v.Namespace), v.Name)
	o := schema.Object{Kind: schema.View, Name: name, Create: autogenerate.Create(d.database, ref, ""), Comment: v.Comment}
	for i := range v.Indexes {
		o.Indexes = append(o.Indexes, schema.ObjectIndex{Name: v.Indexes[i].Name, Create: autogenerate.Create(d.database, ref, v.Indexes[i].Name)})
	}
	d.code = append(d.code, codeObject{Object: o})
	d.objects["view "+name] = ref
}

// watchers registers the triggers and policies of a table.
func (d *declared) watchers(t *table) {
	ref, full := t.catalog.Ref(), t.schema.FullName()
	made := func(name string) bool {
		_, no := d.refused[partRef{ref, name}]
		return !no
	}
	for i := range t.catalog.Triggers {
		tr := &t.catalog.Triggers[i]
		known := slices.ContainsFunc(d.code, func(o codeObject) bool {
			return o.Kind == schema.Function && o.Namespace == d.namespace(tr.Function.Namespace) && o.Name+"("+o.Arguments+")" == tr.Function.Name
		}) || strings.HasPrefix(tr.Function.Namespace, "pg_")
		switch {
		case !made("trigger " + tr.Name):
		case tr.Enabled != "":
			d.note(ref, "trigger "+tr.Name, "it is switched ("+tr.Enabled+"), which models cannot say")
		case !known:
			d.note(ref, "trigger "+tr.Name, "its function is not in these models")
		default:
			d.code = append(d.code, codeObject{table: full, Object: schema.Object{
				Kind: schema.Trigger, Name: tr.Name, Namespace: t.schema.Namespace, Table: t.schema.Name, Create: autogenerate.Create(d.database, ref, tr.Name), Comment: tr.Comment,
			}})
		}
	}
	for i := range t.catalog.Policies {
		policy := &t.catalog.Policies[i]
		switch {
		case !made("policy " + policy.Name):
		case !t.catalog.RowSecurity || t.catalog.ForceSecurity:
			d.note(ref, "policy "+policy.Name, "row security is off or forced, and registering it would switch it on")
		default:
			d.code = append(d.code, codeObject{table: full, Object: schema.Object{
				Kind: schema.Policy, Name: policy.Name, Namespace: t.schema.Namespace, Table: t.schema.Name, Create: autogenerate.Create(d.database, ref, policy.Name), Comment: policy.Comment,
			}})
		}
	}
	if t.catalog.RowSecurity && len(t.catalog.Policies) == 0 {
		d.note(ref, "", "row security is on and it has no policy, which models cannot say")
	}
}
