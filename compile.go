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
func compileBase(b *Base) (*models, error) {
	c := &compiler{
		base:   b,
		naming: b.naming.WithDefaults(),
		enums:  make(map[reflect.Type]*EnumType),
		out: &models{
			byDeclaration: make(map[*declaration]*model.Table),
			byType:        make(map[reflect.Type]*model.Table),
		},
	}
	for _, e := range b.enums {
		c.enums[e.goType] = e
		c.out.schema.Enums = append(c.out.schema.Enums, e.enum)
	}
	c.out.schema.Objects = b.objects
	for _, decl := range b.tables {
		c.table(decl)
	}
	for _, p := range c.parts {
		c.foreignKeys(p)
	}
	for _, p := range c.parts {
		c.out.schema.Tables = append(c.out.schema.Tables, *p.schema)
	}
	if len(c.errs) == 0 {
		c.errs = append(c.errs, ddl.Validate(&c.out.schema)...)
	}
	if len(c.errs) > 0 {
		return nil, errors.Join(c.errs...)
	}
	for _, p := range c.parts {
		p.model.Finish()
		c.out.tables = append(c.out.tables, p.model)
	}
	for _, p := range c.parts {
		c.relations(p)
	}
	rank(c.parts)
	return c.out, errors.Join(c.errs...)
}

func (c *compiler) fail(decl *declaration, format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf("model %s: "+format, append([]any{decl.goType}, args...)...))
}

// table compiles what one model says of itself.
func (c *compiler) table(decl *declaration) {
	if decl.err != nil {
		c.errs = append(c.errs, decl.err)
		return
	}
	if other, ok := c.out.byType[decl.goType]; ok {
		c.fail(decl, "is listed for the tables %q and %q; a struct stands for one table, declare a second struct", other.Name(), decl.name)
		return
	}
	def := &definition{decl: decl}
	if err := runDefine(def); err != nil {
		c.fail(decl, "%w", err)
		return
	}
	c.errs = append(c.errs, def.errs...)
	p := &part{decl: decl, def: def, schema: &schema.Table{Name: decl.name}}
	p.model = &model.Table{
		Schema: p.schema, Type: decl.goType, StandIn: decl.standIn, Fields: decl.fields,
		FieldColumn: make([]int, len(decl.fields)), Key: -1, Version: -1,
	}
	before := len(c.errs)
	c.columns(p)
	if len(c.errs) > before {
		return
	}
	c.key(p)
	c.constraints(p)
	c.parts = append(c.parts, p)
	c.out.byDeclaration[decl] = p.model
	c.out.byType[decl.goType] = p.model
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

// columns compiles the fields and what Column said of them.
func (c *compiler) columns(p *part) {
	said := make(map[int]*ColumnDef)
	for _, d := range p.def.columns {
		i, ok := p.decl.standIn.Find(d.field)
		if !ok {
			c.fail(p.decl, "Column: %T is not a pointer to a field of d.C", d.field)
			continue
		}
		said[i] = said[i].merge(d)
	}
	var columns []mapper.Column
	for i, f := range p.decl.fields {
		p.model.FieldColumn[i] = -1
		if reflect.PointerTo(f.Type).Implements(reflect.TypeFor[relationField]()) {
			continue
		}
		d := said[i].merge(nil)
		col, facts := c.column(f, d)
		p.model.FieldColumn[i] = len(columns)
		columns = append(columns, col)
		p.schema.Columns = append(p.schema.Columns, facts)
		p.model.Columns = append(p.model.Columns, model.Column{
			Name: col.Name, ServerMade: d.serverMade, OnUpdate: d.onUpdate,
			Fixed: d.identity != schema.NoIdentity, KeyMaker: d.keyMaker,
		})
	}
	plan, err := mapper.Compile(p.decl.goType, columns)
	if err != nil {
		c.fail(p.decl, "%w", err)
		return
	}
	p.model.Plan = plan
	for i := range p.schema.Columns {
		p.schema.Columns[i].Type = plan.Column(i).PGType
	}
}

// merge adds what d says to c; later calls win.
func (c *ColumnDef) merge(d *ColumnDef) *ColumnDef {
	out := ColumnDef{}
	for _, part := range []*ColumnDef{c, d} {
		if part == nil {
			continue
		}
		out.name = pick(part.name, out.name)
		out.sqlType = pick(part.sqlType, out.sqlType)
		out.defaultSQL = pick(part.defaultSQL, out.defaultSQL)
		out.onUpdate = pick(part.onUpdate, out.onUpdate)
		out.identity = pick(part.identity, out.identity)
		out.serverMade = out.serverMade || part.serverMade
		if part.keyMaker != nil {
			out.keyMaker = part.keyMaker
		}
	}
	return &out
}

func pick[S ~string](first, second S) S {
	if first != "" {
		return first
	}
	return second
}

func (c *compiler) column(f mapper.Field, d *ColumnDef) (mapper.Column, schema.Column) {
	name := pick(d.name, f.Column)
	col := mapper.Column{Field: f, Name: name, PGType: d.sqlType}
	value := f.Type
	if value.Kind() == reflect.Pointer {
		value = value.Elem()
	}
	if e, ok := c.enums[value]; ok && d.sqlType == "" {
		col.PGType, col.Enum = e.enum.Name, true
	}
	col.NotNull = f.Type.Kind() != reflect.Pointer
	return col, schema.Column{Name: name, NotNull: col.NotNull, Default: d.defaultSQL, Identity: d.identity}
}
