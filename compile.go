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
}

// compiler turns declarations into models and collects every problem.
type compiler struct {
	base   *Base
	naming schema.Naming
	out    *models
	enums  map[reflect.Type]*EnumType
	parts  []*part
	byType map[reflect.Type]*declaration
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
		enums:  make(map[reflect.Type]*EnumType),
		byType: make(map[reflect.Type]*declaration),
		broken: make(map[*declaration]bool),
		out: &models{
			byDeclaration: make(map[*declaration]*model.Table),
			byType:        make(map[reflect.Type]*model.Table),
		},
	}
	for _, e := range b.enums {
		c.enum(e)
	}
	for _, decl := range b.tables {
		c.table(decl)
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
	if len(c.errs) > 0 {
		return nil, errors.Join(c.errs...)
	}
	for _, p := range c.parts {
		p.model.Finish()
		c.out.tables = append(c.out.tables, p.model)
	}
	model.Connect(c.out.tables)
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

// enum takes in an enum. One for a type such as string itself would turn every
// text of every model into it.
func (c *compiler) enum(e *EnumType) {
	problem := func(format string, args ...any) {
		c.errs = append(c.errs, fmt.Errorf("retort: enum %s: "+format, append([]any{e.enum.Name}, args...)...))
	}
	if e.goType == nil {
		c.errs = append(c.errs, errors.New("retort: an EnumType was not made by NewEnum"))
		return
	}
	if e.goType.PkgPath() == "" {
		problem("its Go type is %s; declare a type of its own, as in type Color string", e.goType)
	}
	if other, taken := c.enums[e.goType]; taken && other.enum.Name != e.enum.Name {
		problem("%s stands for the enum %s already; declare a second Go type", e.goType, other.enum.Name)
	}
	c.enums[e.goType] = e
	c.out.schema.Enums = append(c.out.schema.Enums, e.enum)
}

// objects takes in the functions and triggers, but for triggers of broken tables.
func (c *compiler) objects() {
	for _, o := range c.base.objects {
		decl := c.named(o.Table)
		if o.Kind == schema.Trigger && decl != nil {
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
