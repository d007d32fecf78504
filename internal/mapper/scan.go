package mapper

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Scan reads results of raw SQL into one Go type.
//
//   - Concurrency: safe for many goroutines.
type Scan struct {
	plan     *Plan
	scalar   bool
	optional []bool // columns that a result may leave out: fields without a default type
}

// ScanPlan compiles the reading of raw SQL into t: a struct, whose fields are
// matched by column name, or a single value (int64, string, a uuid, time.Time, a
// pointer to one of these …) for results of one column.
//
//   - Errors: every problem joined, each a [*FieldError].
func ScanPlan(t reflect.Type) (*Scan, error) {
	return (*Types)(nil).ScanPlan(t)
}

// ScanPlan is the function of that name, with the registered types.
func (r *Types) ScanPlan(t reflect.Type) (*Scan, error) {
	if t == nil {
		return nil, fmt.Errorf("mapper: no type to scan into; pass a struct or a basic type")
	}
	if t.Kind() != reflect.Struct || r.isValue(t) {
		return r.ValuePlan(t)
	}
	fields, err := Fields(t)
	problems := []error{err}
	var columns []column
	var optional []bool
	for _, f := range fields {
		c, without, err := r.scanColumn(t, f)
		problems = append(problems, err)
		columns, optional = append(columns, c), append(optional, without)
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return newScan(r, t, columns, optional, false), nil
}

// ValuePlan is ScanPlan for results of one column, whatever t is: a struct is a
// document then and no row.
func (r *Types) ValuePlan(t reflect.Type) (*Scan, error) {
	c, _, err := r.scanColumn(t, Field{Path: "(value)", Column: "(value)", Type: t})
	if err != nil {
		return nil, err
	}
	return newScan(r, t, []column{c}, []bool{false}, true), nil
}

// isValue reports the structs that are one value and not a row: times, ranges, and
// what a column of its own would take.
func (r *Types) isValue(t reflect.Type) bool {
	if _, ok := rangeItem(t); ok {
		return true // of a type that the database alone may know
	}
	_, ok := r.defaultOf(t)
	return ok || ownMethods(t) || implements(t, textMarshalerType) && implements(t, textUnmarshalerType)
}

func newScan(types *Types, t reflect.Type, columns []column, optional []bool, scalar bool) *Scan {
	p := &Plan{loose: true, types: types, object: t, columns: columns, byName: make(map[string]int, len(columns))}
	for i := range columns {
		p.byName[columns[i].name] = i
	}
	p.finish()
	return &Scan{plan: p, scalar: scalar, optional: optional}
}

// scanColumn maps a field whose PostgreSQL type is not known before the result
// is there. A field that only json could fill may be something else, such as a
// relation, and is optional.
func (r *Types) scanColumn(t reflect.Type, f Field) (c column, optional bool, err error) {
	c = column{name: f.Column, path: f.Path, offset: f.Offset, typ: f.Type, elem: f.Type}
	if f.Type.Kind() == reflect.Pointer {
		c.elem, c.nullable = f.Type.Elem(), true
	}
	pg, ok := r.defaultOf(c.elem)
	if !ok {
		pg, ok = r.rangeOf(c.elem)
	}
	if !ok {
		pg, _ = typeNamed("text")
		try := c
		ok = r.pair(&try, c.elem, pg) == ""
	}
	switch {
	case ok:
		r.pair(&c, c.elem, pg)
	case shapeOf(c.elem) == shapeJSON:
		pg, _ = typeNamed("jsonb")
		c.pg, c.shape, optional = pg, shapeJSON, true
	default:
		return c, false, &FieldError{Type: t.String(), Field: f.Path, Problem: fmt.Sprintf("%s cannot be read from a column; %s", f.Type, remedy(c.elem))}
	}
	c.declared = Column{Field: f, Name: f.Column, PGType: pg.name}
	return c, optional, nil
}

// Plan returns the plan of the type, to make objects and batches with.
func (s *Scan) Plan() *Plan { return s.plan }

// Decoder makes the decoder of a result.
//
//   - Errors: one text with the result's columns that have no field, the fields
//     that have no column, and names that occur twice; or those of [Plan.Decoder].
func (s *Scan) Decoder(fields []pgconn.FieldDescription) (*Decoder, error) {
	return s.DecoderOf(fields, nil)
}

// DecoderOf is Decoder with the names that were learned of OIDs which are not
// built in.
func (s *Scan) DecoderOf(fields []pgconn.FieldDescription, learned TypeNames) (*Decoder, error) {
	oids := make([]uint32, len(fields))
	for k := range fields {
		oids[k] = fields[k].DataTypeOID
	}
	if s.scalar {
		if len(fields) != 1 {
			return nil, fmt.Errorf("mapper: result of %d columns for one %s; select one column or scan into a struct", len(fields), s.plan.object)
		}
		return s.plan.DecoderOf([]int{0}, oids, learned)
	}
	cols, err := s.match(fields)
	if err != nil {
		return nil, err
	}
	return s.plan.DecoderOf(cols, oids, learned)
}

// match finds the column of each description by its name.
func (s *Scan) match(fields []pgconn.FieldDescription) ([]int, error) {
	cols := make([]int, len(fields))
	seen := make([]bool, s.plan.Len())
	var unknown, twice, missing []string
	for k, f := range fields {
		col, ok := s.plan.Index(f.Name)
		switch {
		case !ok:
			unknown = append(unknown, f.Name)
			continue
		case seen[col]:
			twice = append(twice, f.Name)
		}
		seen[col], cols[k] = true, col
	}
	for col, found := range seen {
		if !found && !s.optional[col] {
			c := &s.plan.columns[col]
			missing = append(missing, fmt.Sprintf("%s (column %s)", c.path, c.name))
		}
	}
	var parts []string
	for _, p := range []struct {
		title string
		names []string
	}{
		{"columns without a field: ", unknown}, {"columns that come twice: ", twice}, {"fields without a column: ", missing},
	} {
		if len(p.names) > 0 {
			parts = append(parts, p.title+strings.Join(p.names, ", "))
		}
	}
	if len(parts) > 0 {
		return nil, fmt.Errorf("mapper: result does not fit %s: %s; name columns with AS, fields with the tag `db:\"…\"`",
			s.plan.object, strings.Join(parts, "; "))
	}
	return cols, nil
}
