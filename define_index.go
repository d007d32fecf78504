package retort

import "github.com/retort-go/retort/schema"

// IndexDef describes an index; its methods return it, to be chained.
//
//   - Shape: methods that are about one part of it take a pointer to the field, or
//     the text of an expression.
type IndexDef struct {
	parts            []*indexPart
	include          []any
	name             string
	method           string
	where            string
	storage          string
	unique           bool
	nullsNotDistinct bool
	strangers        []any // named as parts, but none
}

// indexPart is a field or an expression.
type indexPart struct {
	of       any // a field pointer, or the expression's text
	operator string
	schema.IndexPart
}

func (x *IndexDef) add(parts ...any) {
	for _, of := range parts {
		x.parts = append(x.parts, &indexPart{of: of})
	}
}

// change calls set for the part that is of.
func (x *IndexDef) change(of any, set func(*indexPart)) *IndexDef {
	for _, p := range x.parts {
		if p.of == of {
			set(p)
			return x
		}
	}
	x.strangers = append(x.strangers, of)
	return x
}

// Then adds fields behind what the index has so far.
func (x *IndexDef) Then(fields ...any) *IndexDef { x.add(fields...); return x }

// Expression adds an SQL expression behind what the index has so far.
func (x *IndexDef) Expression(sql string) *IndexDef {
	x.parts = append(x.parts, &indexPart{of: sql, IndexPart: schema.IndexPart{Expression: sql}})
	return x
}

// Unique makes the index refuse rows that agree in all its parts. For plain
// fields [Definition.Unique] says the same as a constraint.
func (x *IndexDef) Unique() *IndexDef { x.unique = true; return x }

// NullsNotDistinct takes two NULLs for equal in a unique index (PostgreSQL 15).
func (x *IndexDef) NullsNotDistinct() *IndexDef { x.nullsNotDistinct = true; return x }

// Using sets the access method in place of btree: gin, gist, brin, hash.
func (x *IndexDef) Using(method string) *IndexDef { x.method = method; return x }

// Include stores fields in the index that it does not search by.
func (x *IndexDef) Include(fields ...any) *IndexDef {
	x.include = append(x.include, fields...)
	return x
}

// Desc sorts parts in descending order.
func (x *IndexDef) Desc(parts ...any) *IndexDef {
	for _, part := range parts {
		x.change(part, func(p *indexPart) { p.Desc = true })
	}
	return x
}

// Nulls says where the NULLs of a part are.
func (x *IndexDef) Nulls(part any, where schema.Nulls) *IndexDef {
	return x.change(part, func(p *indexPart) { p.Nulls = where })
}

// Ops sets the operator class of a part, with its parameters as SQL text.
func (x *IndexDef) Ops(part any, class string) *IndexDef {
	return x.change(part, func(p *indexPart) { p.OperatorClass = class })
}

// Collation sets the collation of a part.
func (x *IndexDef) Collation(part any, name string) *IndexDef {
	return x.change(part, func(p *indexPart) { p.IndexPart.Collation = name })
}

// Storage sets storage parameters as SQL text, as in "fillfactor = 70".
func (x *IndexDef) Storage(sql string) *IndexDef { x.storage = sql; return x }

// Name sets the index's name in place of the naming convention's.
func (x *IndexDef) Name(name string) *IndexDef { x.name = name; return x }

// Where limits the index to the rows for which the SQL predicate holds.
func (x *IndexDef) Where(sql string) *IndexDef { x.where = sql; return x }

// ExcludeDef describes an exclusion constraint; its methods return it, to be
// chained.
type ExcludeDef struct {
	index      IndexDef
	deferrable schema.Deferrable
}

// With adds a field that is compared by operator: no two rows may be in that
// relation in all parts.
func (e *ExcludeDef) With(field any, operator string) *ExcludeDef {
	e.index.parts = append(e.index.parts, &indexPart{of: field, operator: operator})
	return e
}

// WithExpression adds an SQL expression that is compared by operator.
func (e *ExcludeDef) WithExpression(sql, operator string) *ExcludeDef {
	e.index.Expression(sql)
	e.index.parts[len(e.index.parts)-1].operator = operator
	return e
}

// Using sets the access method in place of gist.
func (e *ExcludeDef) Using(method string) *ExcludeDef { e.index.method = method; return e }

// Ops sets the operator class of a field or of the text of an expression.
func (e *ExcludeDef) Ops(part any, class string) *ExcludeDef { e.index.Ops(part, class); return e }

// Include stores fields in the constraint's index that it does not compare.
func (e *ExcludeDef) Include(fields ...any) *ExcludeDef { e.index.Include(fields...); return e }

// Name sets the constraint's name in place of the naming convention's.
func (e *ExcludeDef) Name(name string) *ExcludeDef { e.index.name = name; return e }

// Where limits the constraint to the rows for which the SQL predicate holds.
func (e *ExcludeDef) Where(sql string) *ExcludeDef { e.index.where = sql; return e }

// Deferrable says when the constraint is checked.
func (e *ExcludeDef) Deferrable(d schema.Deferrable) *ExcludeDef { e.deferrable = d; return e }

// UniqueDef describes a unique constraint; its methods return it, to be chained.
type UniqueDef struct {
	fields           []any
	include          []any
	name             string
	where            string
	nullsNotDistinct bool
	deferrable       schema.Deferrable
}

// Name sets the constraint's name in place of the naming convention's.
func (u *UniqueDef) Name(name string) *UniqueDef { u.name = name; return u }

// Where limits the constraint to the rows for which the SQL predicate holds; it
// becomes a unique index.
func (u *UniqueDef) Where(sql string) *UniqueDef { u.where = sql; return u }

// NullsNotDistinct takes two NULLs for equal (PostgreSQL 15).
func (u *UniqueDef) NullsNotDistinct() *UniqueDef { u.nullsNotDistinct = true; return u }

// Include stores fields in the constraint's index that it does not compare.
func (u *UniqueDef) Include(fields ...any) *UniqueDef {
	u.include = append(u.include, fields...)
	return u
}

// Deferrable says when the constraint is checked.
func (u *UniqueDef) Deferrable(d schema.Deferrable) *UniqueDef { u.deferrable = d; return u }
