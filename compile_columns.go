package retort

import (
	"reflect"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/schema"
)

// columns compiles the fields and what Column said of them.
//
//   - Errors: ok is false when the columns are not known.
func (c *compiler) columns(p *part) (ok bool) {
	said := c.said(p)
	var columns []mapper.Column
	for i, f := range p.decl.fields {
		p.model.FieldColumn[i] = -1
		if isRelation(f.Type) {
			if _, ok := said[i]; ok {
				c.fail(p.decl, "Column: field %s is a relation, not a column", f.Path)
			}
			continue
		}
		if f.Type.Kind() == reflect.Pointer && isRelation(f.Type.Elem()) {
			c.fail(p.decl, "field %s: a pointer to a relation; write %s", f.Path, f.Type.Elem())
			continue
		}
		d := said[i].merge(nil)
		if d.generated != "" && (d.onUpdate != "" || d.keyMaker != nil) {
			c.fail(p.decl, "Column: field %s is generated and so never written; remove OnUpdate and MadeBy", f.Path)
		}
		col, facts := c.column(f, d)
		p.model.FieldColumn[i] = len(columns)
		columns = append(columns, col)
		p.schema.Columns = append(p.schema.Columns, facts)
		p.model.Columns = append(p.model.Columns, model.Column{
			Name: col.Name, ServerMade: d.serverMade, OnUpdate: d.onUpdate, Generated: d.generated != "",
			Fixed: d.identity != schema.NoIdentity || d.onUpdate != "", KeyMaker: d.keyMaker, Stamp: d.stamp,
		})
	}
	plan, err := c.out.types.Compile(p.decl.goType, columns)
	if err != nil {
		c.failAll(p.decl, err)
		return false
	}
	p.model.Plan = plan
	for i := range p.schema.Columns {
		p.schema.Columns[i].Type = plan.Column(i).PGType
		said := p.schema.Columns[i].NotNull
		if said && plan.Column(i).NullAsZero {
			c.fail(p.decl, "Column %q: NotNull and NullAsZero say the opposite; remove one", plan.Column(i).Name)
		}
		p.schema.Columns[i].NotNull = said || !plan.Nullable(i) && !plan.Column(i).NullAsZero
	}
	return true
}

// stamp checks a column that is to have the time of the program's clock.
func (c *compiler) stamp(p *part, i int) {
	if p.model.Columns[i].Stamp == model.NoStamp {
		return
	}
	goType, oid := p.model.Plan.GoType(i), p.model.Plan.OID(i)
	if !goType.ConvertibleTo(reflect.TypeFor[time.Time]()) || oid != pgtype.TimestamptzOID && oid != pgtype.TimestampOID {
		c.fail(p.decl, "Column %q: ClockOnInsert and ClockOnWrite are for a time.Time in a timestamptz or timestamp, not for %s in %s",
			p.model.Columns[i].Name, goType, p.schema.Columns[i].Type)
	}
	if key := p.schema.PrimaryKey; key != nil && slices.Contains(key.Columns, p.model.Columns[i].Name) || p.schema.Columns[i].Generated != "" {
		c.fail(p.decl, "Column %q: a key or generated column is not set by the flush; remove ClockOnInsert or ClockOnWrite", p.model.Columns[i].Name)
	}
}

func isRelation(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[relationField]())
}

// said sorts the calls of Column by the field that they are about.
func (c *compiler) said(p *part) map[int]*ColumnDef {
	said := make(map[int]*ColumnDef)
	for _, d := range p.def.columns {
		i, ok := p.decl.standIn.Find(d.field)
		if !ok {
			c.fail(p.decl, "Column: %s", c.stranger(d.field))
			continue
		}
		said[i] = said[i].merge(d)
	}
	return said
}

// merge adds what d says to c; later calls win. Who makes a value is one
// question: the database or the program.
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
		out.generated = pick(part.generated, out.generated)
		out.collation = pick(part.collation, out.collation)
		out.comment = pick(part.comment, out.comment)
		out.renamedFrom = pick(part.renamedFrom, out.renamedFrom)
		if part.sequence != (schema.Sequence{}) {
			out.sequence = part.sequence
		}
		out.nullAsZero = out.nullAsZero || part.nullAsZero
		out.notNull = out.notNull || part.notNull
		out.secret = out.secret || part.secret
		if part.serverMade || part.onUpdate != "" {
			out.stamp = model.NoStamp
		}
		if part.serverMade {
			out.serverMade, out.keyMaker = true, nil
		}
		if part.keyMaker != nil {
			out.serverMade, out.keyMaker = false, part.keyMaker
		}
		if part.stamp != model.NoStamp {
			out.stamp, out.serverMade, out.onUpdate = part.stamp, false, ""
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
	col := mapper.Column{Field: f, Name: name, PGType: d.sqlType, NullAsZero: d.nullAsZero, Secret: d.secret}
	return col, schema.Column{
		Name: name, Default: d.defaultSQL,
		Generated: d.generated, Identity: d.identity, Sequence: d.sequence, Collation: d.collation, Comment: d.comment,
		RenamedFrom: d.renamedFrom, NotNull: d.notNull,
	}
}

// key settles the primary key and the version.
func (c *compiler) key(p *part) {
	if len(p.def.primaryKey) == 0 {
		c.fail(p.decl, "has no primary key; embed retort.UUIDKey or retort.BigintKey, or call d.PrimaryKey(&d.C.Field) in Define")
	} else if columns, names, ok := c.find(p, "PrimaryKey", p.def.primaryKey); ok {
		c.primaryKey(p, columns, names)
	}
	if p.def.version != nil {
		if columns, _, ok := c.find(p, "Version", []any{p.def.version}); ok {
			c.version(p, columns[0])
		}
	}
	for i, col := range p.model.Columns {
		if !p.model.IsKey(i) && col.KeyMaker != nil {
			c.fail(p.decl, "Column %q: MadeBy is for the primary key; set the field yourself, or declare a ServerMade default", col.Name)
		}
	}
}

// primaryKey makes columns the key, in that order.
func (c *compiler) primaryKey(p *part, columns []int, names []string) {
	made := 0
	for i, key := range columns {
		col := &p.model.Columns[key]
		if slices.Contains(columns[:i], key) {
			c.fail(p.decl, "primary key: column %q is listed twice", col.Name)
		}
		if !p.schema.Columns[key].NotNull {
			c.fail(p.decl, "primary key %q is a pointer; a key cannot be NULL", col.Name)
		}
		if goType := p.model.Plan.GoType(key); col.KeyMaker != nil && !isUUID(goType) {
			c.fail(p.decl, "primary key %q is made by the client but its type %s is not a UUID", col.Name, goType)
		}
		if col.OnUpdate != "" {
			c.fail(p.decl, "primary key %q is set by every UPDATE; a key never changes, remove OnUpdate", col.Name)
		}
		if col.ServerMade {
			made++
		}
		col.Fixed = true
	}
	if made > 1 {
		c.fail(p.decl, "primary key: %d columns are made by the database; one may be", made)
	}
	p.model.Key = columns
	p.schema.PrimaryKey = &schema.PrimaryKey{Name: pick(p.def.keyName, c.naming.PrimaryKeyName(p.schema.Name)), Columns: names}
}

func (c *compiler) version(p *part, version int) {
	col := &p.model.Columns[version]
	goType := p.model.Plan.GoType(version)
	switch k := goType.Kind(); {
	case p.model.IsKey(version):
		c.fail(p.decl, "version %q is in the primary key; a key never changes", col.Name)
	case k < reflect.Int || k > reflect.Int64:
		c.fail(p.decl, "version %q must be an integer, not %s", col.Name, goType)
	case !p.schema.Columns[version].NotNull:
		c.fail(p.decl, "version %q is a pointer; a version cannot be NULL", col.Name)
	}
	p.model.Version = version
	col.OnUpdate = sqltext.Ident(col.Name) + " + 1"
}

func isUUID(t reflect.Type) bool {
	return t.Kind() == reflect.Array && t.Len() == 16 && t.Elem().Kind() == reflect.Uint8
}
