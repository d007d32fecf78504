package retort

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
	"github.com/retort-go/retort/internal/query"
	"github.com/retort-go/retort/schema"
)

// Target is an expression and the field that it goes into; see [Into].
type Target struct {
	call string
	dst  any
	node query.Node
	null bool
}

// Into reads src, a field pointer or an [Expr], into a field of the row:
// retort.Into(&row.Status, &c.Status).
//
//   - Errors: what may be NULL and a field that cannot hold it, when the statement
//     is built: a nullable or left-joined column, an aggregate of no rows. Use
//     [IntoNull] or [Coalesce].
func Into[V any, S Operand[V]](dst *V, src S) Target {
	return Target{call: "Into", dst: dst, node: nodeOf("Into", src)}
}

// IntoNull reads what may be NULL into a pointer field.
func IntoNull[V any, S Operand[V]](dst **V, src S) Target {
	return Target{call: "IntoNull", dst: dst, node: nodeOf("IntoNull", src), null: true}
}

// Selection is a query whose rows are values of R: a struct of the program's own,
// or single values. Its rows are new values, unknown to the session.
//
//   - Shape: a value, as a [Query].
type Selection[R any] selection

// selection is what does not depend on R but for its type; see bulk.
type selection struct {
	base      *query.Select // of one query
	goType    reflect.Type  // R
	row       any           // *R, nil for a value
	targets   []Target      // nil: value
	value     query.Node
	parts     []*selection // of a set operation, in place of all above
	operators []string
	order     []Order
	limit     int
	limited   bool
	offset    int
	name      string
	errs      []error
}

// Select reads expressions into the fields of a struct. row is a variable whose
// fields say what goes where; it is not written to.
//
//		var row struct{ Status Status; N int64 }
//		q := retort.Select(Requests.Query().GroupBy(&c.Status), &row,
//			retort.Into(&row.Status, &c.Status), retort.Into(&row.N, retort.Count()))
//
//	  - Shape: fields without a target stay zero.
//	  - Errors: a pointer that is no field of row, a field twice; when it runs.
func Select[T, R any](q *Query[T], row *R, targets ...Target) *Selection[R] {
	x := &Selection[R]{base: q.core().form(), goType: reflect.TypeFor[R](), row: row, targets: targets, errs: q.core().problems(), name: q.core().more.called()}
	if len(targets) == 0 {
		x.errs = append(x.errs, errors.New("retort: Select: nothing is selected; add retort.Into(&row.Field, …)"))
	}
	return x
}

// Values reads one expression: retort.Values(q, retort.Col(&c.Email)).
//
//   - Shape: V is a pointer type where the expression may be NULL, or it is an
//     error when it runs.
func Values[T, V any](q *Query[T], e Expr[V]) *Selection[V] {
	return &Selection[V]{base: q.core().form(), goType: reflect.TypeFor[V](), value: e.node, errs: q.core().problems(), name: q.core().more.called()}
}

// called is the name that the program gave the statement.
func (c *clauses) called() string {
	if c == nil {
		return ""
	}
	return c.name
}

// problems are what is wrong with a query before it meets an engine.
func (q *rowQuery) problems() []error {
	var errs []error
	if q.more != nil {
		errs = append(errs, q.more.errs...)
	}
	if q.of == nil {
		errs = append(errs, errNoTable(q.goType))
	} else if q.of.other != nil && q.of.other.err != nil {
		errs = append(errs, fmt.Errorf("retort: source %q: %w", q.of.other.name, q.of.other.err))
	}
	if q.limited && q.limit < 0 {
		errs = append(errs, fmt.Errorf("retort: Limit(%d): a limit is 0 or more", q.limit))
	}
	if len(q.with) > 0 {
		errs = append(errs, errors.New("retort: With: relations are loaded by All of the query itself, not by Select, Sub or Exists"))
	}
	return errs
}

func (q *Query[T]) rowsOf(*mapper.Scan) (query.Form, error) { return q.core().rowsOf() }

func (q *rowQuery) rowsOf() (query.Form, error) {
	return q.form(), errors.Join(q.problems()...)
}

func (q *Query[T]) rowType() *T { return nil }

// core is x without its type.
func (x *Selection[R]) core() *selection {
	if x == nil {
		return &selection{errs: []error{errors.New("retort: a nil Selection; make one with retort.Select or retort.Values")}, goType: reflect.TypeFor[R]()}
	}
	return (*selection)(x)
}

func (x *Selection[R]) clone() *Selection[R] { return (*Selection[R])(x.core().clone()) }

//go:noinline
func (x *selection) clone() *selection {
	own := *x
	return &own
}

func (x *Selection[R]) rowType() *R { return nil }

// Union is the rows of both, equal ones once.
func Union[R any](a, b *Selection[R]) *Selection[R] { return set("UNION", a, b) }

// UnionAll is the rows of both.
func UnionAll[R any](a, b *Selection[R]) *Selection[R] { return set("UNION ALL", a, b) }

// Intersect is the rows that both have, once.
func Intersect[R any](a, b *Selection[R]) *Selection[R] { return set("INTERSECT", a, b) }

// IntersectAll is the rows that both have, as often as both have them.
func IntersectAll[R any](a, b *Selection[R]) *Selection[R] { return set("INTERSECT ALL", a, b) }

// Except is the rows of a that b has not, once.
func Except[R any](a, b *Selection[R]) *Selection[R] { return set("EXCEPT", a, b) }

// ExceptAll is the rows of a, less one for each equal row of b.
func ExceptAll[R any](a, b *Selection[R]) *Selection[R] { return set("EXCEPT ALL", a, b) }

func set[R any](operator string, a, b *Selection[R]) *Selection[R] {
	return &Selection[R]{goType: reflect.TypeFor[R](), row: a.core().row, parts: []*selection{a.core(), b.core()}, operators: []string{operator}}
}

// OrderBy sorts by fields of the row, retort.Desc(&row.N), or of the tables; the
// rows of a set operation by fields of the row only. It comes behind the order of
// the query.
func (x *Selection[R]) OrderBy(keys ...Order) *Selection[R] {
	x = x.clone()
	x.order = append(x.order[:len(x.order):len(x.order)], keys...)
	return x
}

// Limit reads at most n rows; 0 reads none.
//
//   - Errors: n below zero, when it runs.
func (x *Selection[R]) Limit(n int) *Selection[R] {
	x = x.clone()
	x.core().cap(n)
	return x
}

func (x *selection) cap(n int) {
	x.limit, x.limited = n, true
	if n < 0 {
		x.errs = append(x.errs[:len(x.errs):len(x.errs)], fmt.Errorf("retort: Limit(%d): a limit is 0 or more", n))
	}
}

// Named gives the statement a name; see [Query.Named].
func (x *Selection[R]) Named(name string) *Selection[R] {
	x = x.clone()
	x.name = name
	x.errs = append(x.errs[:len(x.errs):len(x.errs)], checkLabel(name))
	return x
}

// rowsOf builds the statement; layout is how an R is read, nil where the columns
// need no names.
func (x *Selection[R]) rowsOf(layout *mapper.Scan) (query.Form, error) {
	return x.core().rowsOf(layout)
}

func (x *selection) rowsOf(layout *mapper.Scan) (query.Form, error) {
	form, _, err := x.build(layout)
	return form, err
}

// build makes the statement and lists the columns of the plan that it fills.
func (x *selection) build(layout *mapper.Scan) (query.Form, []int, error) {
	alone := layout == nil // compared and not read, so that NULL does no harm
	if alone && x.row != nil {
		var err error
		if layout, err = mapper.ScanPlan(x.goType); err != nil {
			return nil, nil, fmt.Errorf("retort: Select: %w", err)
		}
	}
	if len(x.parts) > 0 {
		return x.buildSet(layout)
	}
	if err := errors.Join(x.errs...); err != nil {
		return nil, nil, err
	}
	sel := *x.base
	var columns []int
	if x.targets == nil {
		sel.Items = []query.Item{{Call: "Values", Node: x.value, Path: "(value)", Nullable: alone || layout.Plan().Nullable(0)}}
		columns = []int{0}
	} else {
		var errs []error
		seen := make(map[int]bool, len(x.targets))
		for _, t := range x.targets {
			col, ok := layout.Plan().ColumnAt(x.row, t.dst)
			switch {
			case !ok:
				errs = append(errs, fmt.Errorf("retort: %s: the target (%T) is not a field of the row %T that Select was given; write &row.Field", t.call, t.dst, x.row))
				continue
			case seen[col]:
				errs = append(errs, fmt.Errorf("retort: %s: field %s is filled twice", t.call, layout.Plan().Column(col).Field.Path))
			}
			seen[col] = true
			columns = append(columns, col)
			sel.Items = append(sel.Items, query.Item{
				Call: t.call, Node: t.node, Name: layout.Plan().Name(col), Path: layout.Plan().Column(col).Field.Path, Field: col,
				Nullable: alone || t.null || layout.Plan().Nullable(col),
			})
		}
		if err := errors.Join(errs...); err != nil {
			return nil, nil, err
		}
		sel.Outputs = outputs(layout, columns, x.row)
	}
	sel.Order = append(sel.Order[:len(sel.Order):len(sel.Order)], x.order...)
	if x.limited {
		sel.Limit = x.limit
	}
	return &sel, columns, nil
}

func (x *selection) buildSet(layout *mapper.Scan) (query.Form, []int, error) {
	out := &query.Set{Operators: x.operators, Order: x.order, Limit: -1, Offset: x.offset}
	if x.limited {
		out.Limit = x.limit
	}
	errs := x.errs
	var first []int
	for i, part := range x.parts {
		form, columns, err := part.build(layout)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		out.Parts = append(out.Parts, form)
		if i == 0 {
			first = columns
		} else if !equal(first, columns) {
			errs = append(errs, fmt.Errorf("retort: %s: both sides must fill the same fields in the same order", x.operators[0]))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, nil, err
	}
	if x.row != nil {
		out.Outputs = outputs(layout, first, x.row)
	}
	return out, first, nil
}

func equal(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// outputs names the columns of a result by pointers into row.
func outputs(layout *mapper.Scan, columns []int, row any) *query.Rows {
	p := layout.Plan()
	m := &model.Table{Type: p.Type(), Schema: &schema.Table{}}
	fields := make([]mapper.Field, p.Len())
	m.FieldColumn = make([]int, p.Len())
	for i := range fields {
		fields[i] = p.Column(i).Field
		m.FieldColumn[i] = -1
	}
	for k, col := range columns {
		m.FieldColumn[col] = k
		m.Columns = append(m.Columns, model.Column{Name: p.Name(col)})
	}
	m.Fields, m.StandIn = fields, mapper.StandInOf(row, fields)
	return &query.Rows{Table: m}
}
