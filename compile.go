package retort

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/retort-go/retort/internal/ddl"
	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
	"github.com/retort-go/retort/schema"
)

// models is a compiled Base.
type models struct {
	schema        schema.Schema
	tables        []*model.Table
	byDeclaration map[*declaration]*model.Table
	byType        map[reflect.Type]*model.Table
	types         *mapper.Types
	catalog       *mapper.Catalog   // of the engine that the models are compiled for
	remedies      map[string]string // what makes a type, by its name as SQL text
	labels        map[reflect.Type][]string
	relations     map[*model.Relation]*RelationDef
}

// compiler turns declarations into models and collects every problem.
type compiler struct {
	base   *Base
	naming schema.Naming
	out    *models
	parts  []*part
	byType map[reflect.Type]*declaration
	links  map[*linkDef]*model.Table
	broken map[*declaration]bool // listed, but not in parts
	errs   []error
}

// part is one table while it is compiled.
type part struct {
	decl   *declaration
	def    *definition
	schema *schema.Table
	model  *model.Table
}

// compileBase compiles all models, which may refer to each other in any order.
//
// What one broken model makes of others that refer to it is not reported: it
// would go away with the first problem.
func compileBase(b *Base) (*models, error) {
	if b == nil {
		return nil, errors.New("retort: the Base is nil; make one with NewBase")
	}
	c := &compiler{
		base:   b,
		naming: b.naming.WithDefaults(),
		byType: make(map[reflect.Type]*declaration),
		broken: make(map[*declaration]bool),
		out: &models{
			byDeclaration: make(map[*declaration]*model.Table),
			byType:        make(map[reflect.Type]*model.Table),
			relations:     make(map[*model.Relation]*RelationDef),
		},
		links: make(map[*linkDef]*model.Table),
	}
	if !c.types() {
		return nil, errors.Join(c.errs...)
	}
	for _, decl := range b.tables {
		c.table(decl)
	}
	for _, l := range b.links {
		c.linkTable(l)
	}
	for _, p := range c.parts {
		c.foreignKeys(p)
	}
	for _, p := range c.parts {
		c.out.schema.Tables = append(c.out.schema.Tables, *p.schema)
	}
	c.objects()
	c.errs = append(c.errs, ddl.Validate(&c.out.schema)...)
	for _, p := range c.parts {
		c.relations(p)
	}
	c.inverses()
	if len(c.errs) > 0 {
		return nil, errors.Join(c.errs...)
	}
	for _, p := range c.parts {
		p.model.Finish()
		c.out.tables = append(c.out.tables, p.model)
	}
	if err := c.out.checkRelations(); err != nil {
		return nil, err
	}
	model.Connect(c.out.tables)
	for _, t := range c.out.tables {
		for _, rel := range t.Relations {
			rel.Ground()
		}
	}
	return c.out, nil
}

// fail reports a problem of one model.
func (c *compiler) fail(decl *declaration, format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf("retort: model %s: "+format, append([]any{decl.goType}, args...)...))
}

// failAll reports what another package found wrong with a model, problem by
// problem.
func (c *compiler) failAll(decl *declaration, err error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, err := range joined.Unwrap() {
			c.failAll(decl, err)
		}
		return
	}
	if field, ok := errors.AsType[*mapper.FieldError](err); ok {
		c.fail(decl, "field %s: %s", field.Field, field.Problem)
		return
	}
	c.fail(decl, "%w", err)
}

// types takes in the enums and the other types that are not built in.
//
//   - Errors: ok is false when the types do not make a whole. Models that use them
//     would all be reported, too.
func (c *compiler) types() (ok bool) {
	var list []mapper.Registered
	c.out.remedies, c.out.labels = make(map[string]string), make(map[reflect.Type][]string)
	enums := make(map[string]bool)
	for _, e := range c.base.enums {
		if !c.enum(e) || enums[e.enum.FullName()] { // which ddl.Validate reports
			continue
		}
		enums[e.enum.FullName()] = true
		list = append(list, e.registered())
		c.out.labels[e.goType] = e.enum.Values
		c.out.remedies[e.registered().SQL] = "CREATE TYPE " + e.registered().SQL + " AS ENUM (…)"
	}
	for _, t := range c.base.types {
		if t.make == nil {
			c.errs = append(c.errs, errors.New("retort: a Type was not made by NewDomain, NewRange, NewMultirange, NewComposite or NewCodec"))
			continue
		}
		list = append(list, t.make(t.stands))
		c.out.remedies[t.name] = t.remedy
	}
	types, err := mapper.NewTypes(list...)
	if err != nil {
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			c.errs = append(c.errs, joined.Unwrap()...)
		} else {
			c.errs = append(c.errs, err)
		}
		return false
	}
	c.out.types, c.out.catalog = types, mapper.NewCatalog(types)
	return true
}

// enum takes in an enum. One for a type such as string itself would turn every
// text of every model into it.
func (c *compiler) enum(e *EnumType) (ok bool) {
	if e.goType == nil {
		c.errs = append(c.errs, errors.New("retort: an EnumType was not made by NewEnum"))
		return false
	}
	c.out.schema.Enums = append(c.out.schema.Enums, e.enum)
	if e.goType.PkgPath() == "" {
		c.errs = append(c.errs, fmt.Errorf("retort: enum %s: its Go type is %s; declare a type of its own, as in type Color string", e.enum.FullName(), e.goType))
		return false
	}
	return true
}

// objects takes in the types that have a statement, the functions, and the
// triggers but for those of broken tables.
func (c *compiler) objects() {
	for _, t := range c.base.types {
		if t.create != "" {
			c.out.schema.Objects = append(c.out.schema.Objects, schema.Object{Kind: schema.Type, Name: t.name, Create: t.create})
		}
	}
	for _, o := range c.base.objects {
		if decl := c.named(o.Table); (o.Kind == schema.Trigger || o.Kind == schema.Policy) && decl != nil {
			if c.broken[decl] {
				continue
			}
			o.Namespace, o.Table = decl.namespace, decl.name
		}
		c.out.schema.Objects = append(c.out.schema.Objects, o)
	}
}

// named finds a table by its name, behind its namespace where it has one.
func (c *compiler) named(name string) *declaration {
	for _, decl := range c.base.tables {
		if decl.goType != nil && decl.fullName() == name {
			return decl
		}
	}
	return nil
}

// table compiles what one model says of itself.
func (c *compiler) table(decl *declaration) {
	before := len(c.errs)
	p := c.part(decl)
	if len(c.errs) > before {
		c.broken[decl] = true
	}
	if p == nil {
		return
	}
	c.key(p)
	for i := range p.model.Columns {
		c.stamp(p, i)
	}
	c.softDelete(p)
	c.constraints(p)
	c.parts = append(c.parts, p)
	c.out.byDeclaration[decl] = p.model
	c.out.byType[decl.goType] = p.model
}

// part is the table as far as its columns go; nil when they are in doubt.
func (c *compiler) part(decl *declaration) *part {
	if decl.goType == nil {
		c.errs = append(c.errs, errors.New("retort: NewBase lists a Table that NewTable did not make"))
		return nil
	}
	switch other, twice := c.byType[decl.goType]; {
	case twice && other == decl:
		c.fail(decl, "its table %q is listed twice in NewBase; list it once", decl.name)
		return nil
	case twice:
		c.fail(decl, "is listed for the tables %q and %q; a struct stands for one table, declare a second struct", other.name, decl.name)
		return nil
	}
	c.byType[decl.goType] = decl
	if decl.err != nil {
		c.failAll(decl, decl.err)
		return nil
	}
	def := &definition{decl: decl}
	if err := runDefine(def); err != nil {
		c.fail(decl, "%w", err)
		return nil
	}
	for _, err := range def.errs {
		c.fail(decl, "%w", err)
	}
	p := &part{decl: decl, def: def, schema: &schema.Table{Namespace: decl.namespace, Name: decl.name, Unmanaged: decl.unmanaged}}
	p.model = &model.Table{
		Schema: p.schema, Type: decl.goType, StandIn: decl.standIn, Fields: decl.fields,
		FieldColumn: make([]int, len(decl.fields)), Version: -1, ReadOnly: decl.readOnly,
		Catalog: c.out.catalog,
	}
	if !c.columns(p) {
		return nil
	}
	return p
}

// runDefine calls the user's code; a panic in it is a problem to report like
// any other.
func runDefine(def *definition) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("Define panicked: %v", r)
		}
	}()
	def.decl.define(def)
	return nil
}
