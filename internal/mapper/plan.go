package mapper

import (
	"errors"
	"fmt"
	"reflect"
	"sync"

	"github.com/retort-go/retort/internal/sqltext"
)

// Column ties a field of a struct to a column of a table.
type Column struct {
	Field   Field
	Name    string // name of the column
	PGType  string // SQL text of the type; "" is the default of the field's type
	Enum    bool   // PGType is an enum or an array of one, whose OID only the server knows
	NotNull bool   // a nil pointer is refused before it is sent

	NullAsZero bool // NULL is read into a field that cannot hold it as the zero value
	Secret     bool // its values are marked in [Args]
}

// Plan is everything that moves one struct type to and from its columns,
// compiled once.
//
//   - Shape: columns are addressed by their index in the list given to Compile.
//   - Errors: an index outside of it, or the zero [Object], is a defect of the
//     caller and panics.
//   - Concurrency: safe for many goroutines; the objects are not.
type Plan struct {
	object   reflect.Type
	columns  []column
	byName   map[string]int
	block    reflect.Type // object with one slot per nullable column, for batches
	objects  blocks       // of them
	snap     snapPlan
	lent     sync.Pool // chunks of snapshots that came back
	lentText sync.Pool // and of their json
	loose    bool      // made for raw SQL: no PostgreSQL types were declared
	types    *Types
}

// column is a Column with all decisions made. What the loops read comes first,
// to lie together in memory.
type column struct {
	offset   uintptr
	slot     uintptr // offset of the slot in Plan.block; only for nullable columns
	shape    shape
	nullable bool
	notNull  bool
	asText   bool // values travel as text, since a part of them has an unknown OID
	pg       pgType
	name     string
	codec    codec        // only for shapeCoded
	json     *jsonPlan    // only for shapeJSON, where it helps
	writers  *jsonWriters // only for shapeJSON
	elem     reflect.Type // of the value: what a pointer points at
	typ      reflect.Type // of the field
	path     string
	declared Column
	self     incoming // of an element: its values when they arrive as declared

	holdsNull bool // the type itself has a value for NULL
	secret    bool
}

// Compile makes the plan of the struct t with these columns.
//
//   - Errors: every problem joined, each a [*FieldError] with the remedy.
func Compile(t reflect.Type, cols []Column) (*Plan, error) {
	return (*Types)(nil).Compile(t, cols)
}

// Compile is the function of that name, with the registered types.
func (r *Types) Compile(t reflect.Type, cols []Column) (*Plan, error) {
	fields, err := Fields(t)
	if fields == nil && err != nil {
		return nil, err
	}
	known := make(map[string]Field, len(fields))
	for _, f := range fields {
		known[f.Path] = f
	}
	p := &Plan{object: t, types: r, byName: make(map[string]int, len(cols))}
	var problems []error
	for _, c := range cols {
		report := func(text string) {
			problems = append(problems, &FieldError{Type: t.String(), Field: c.Field.Path, Problem: text})
		}
		// A Field is an address: one that is not of t would be memory of something else.
		if f, ok := known[c.Field.Path]; !ok || f.Offset != c.Field.Offset || f.Type != c.Field.Type {
			report(fmt.Sprintf("is not a field of %s; take it from Fields", t))
			continue
		}
		if c.Name == "" {
			report("has no column name; set Column.Name")
			continue
		}
		if other, taken := p.byName[c.Name]; taken {
			report(fmt.Sprintf("column %s is already that of field %s", c.Name, p.columns[other].path))
			continue
		}
		col, problem := r.compileColumn(c)
		if problem != "" {
			report(problem)
			continue
		}
		p.byName[c.Name] = len(p.columns)
		p.columns = append(p.columns, col)
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	p.finish()
	return p, nil
}

// compileColumn decides one column; problem is "" when it can be mapped.
func (r *Types) compileColumn(c Column) (col column, problem string) {
	t := c.Field.Type
	col = column{
		name: c.Name, path: c.Field.Path, declared: c,
		offset: c.Field.Offset, typ: t, elem: t, notNull: c.NotNull, secret: c.Secret,
	}
	if t.Kind() == reflect.Pointer {
		col.elem, col.nullable = t.Elem(), true
	}
	pg, ok := r.named(c.PGType)
	switch {
	case c.Enum && !ok:
		pg, ok = enumNamed(c.PGType), true
	case c.PGType == "":
		if pg, ok = r.defaultOf(col.elem); !ok {
			return col, fmt.Sprintf("%s has no column type; %s", t, remedy(col.elem))
		}
	}
	if !ok {
		return col, fmt.Sprintf("column type %q is not known; write it as PostgreSQL does, declare it an enum, or register it", c.PGType)
	}
	problem = r.pair(&col, col.elem, pg)
	if problem == "" && c.NullAsZero && (col.nullable || col.holdsNull) {
		problem = fmt.Sprintf("%s holds NULL itself; remove NullAsZero", t)
	}
	if problem != "" && c.Enum {
		problem = fmt.Sprintf("%s cannot hold the enum %s; use a string type", t, c.PGType)
	}
	return col, problem
}

// enumNamed is an enum, or an array of one.
func enumNamed(text string) pgType {
	name, dims := cutDimensions(text)
	pg := pgType{wire: wireText, name: name, sql: sqltext.Ident(name), enum: &enumType{}}
	if dims > 0 {
		return arrayOf(pg)
	}
	return pg
}

// finish lays out the blocks once the columns are known.
func (p *Plan) finish() {
	p.block = blockType(p.object, func(yield func(reflect.Type)) {
		for i := range p.columns {
			if p.columns[i].nullable {
				yield(p.columns[i].elem)
			}
		}
	})
	p.objects = newBlocks(p.block)
	slot := 1
	for i := range p.columns {
		if p.columns[i].nullable {
			p.columns[i].slot = p.block.Field(slot).Offset
			slot++
		}
	}
	for i := range p.columns {
		if c := &p.columns[i]; c.shape == shapeJSON {
			c.json, c.writers = planJSON(c.elem), &jsonWriters{}
		}
	}
	p.snap = newSnapPlan(p)
}

// Type returns the struct type of the plan.
func (p *Plan) Type() reflect.Type { return p.object }

// Len returns the number of columns.
func (p *Plan) Len() int { return len(p.columns) }

// Secret tells whether the values of a column are hidden; see [Column].
func (p *Plan) Secret(col int) bool { return p.columns[col].secret }

// Column returns the column with that index as it was declared, with its type
// filled in.
func (p *Plan) Column(col int) Column {
	c := p.columns[col].declared
	if c.PGType == "" {
		c.PGType = p.columns[col].pg.name
	}
	c.Enum = p.columns[col].pg.isEnum()
	return c
}

// SQLType returns the type of a column as SQL text, with its length or precision
// and with quotes where they are needed.
func (p *Plan) SQLType(col int) string {
	if c := &p.columns[col]; c.pg.sql != "" {
		return c.pg.sql
	}
	return p.Column(col).PGType
}

// IsComposite reports a column of a composite type.
func (p *Plan) IsComposite(col int) bool {
	c := &p.columns[col]
	return c.pg.user != nil && c.pg.parts
}

// Index finds a column by its name.
func (p *Plan) Index(name string) (col int, ok bool) {
	col, ok = p.byName[name]
	return col, ok
}

// OID returns the parameter type of a column for Parse; 0 leaves it to the
// server, for enums and types of extensions.
func (p *Plan) OID(col int) uint32 { return p.columns[col].pg.oid }

// ArrayOID returns the parameter type of [Plan.AppendArray] and
// [Plan.AppendColumn]; 0 leaves it to the server.
func (p *Plan) ArrayOID(col int) uint32 { return p.columns[col].pg.arrayOID }

// Nullable reports whether the field of a column can hold NULL: it is a pointer,
// or of a type such as sql.NullString.
func (p *Plan) Nullable(col int) bool {
	return p.columns[col].nullable || p.columns[col].holdsNull
}
