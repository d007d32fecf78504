package retort

import (
	"slices"

	"github.com/retort-go/retort/internal/query"
	"github.com/retort-go/retort/internal/sqltext"
)

// Predicate is a condition of a query. Its field is a pointer into the C of the
// query's own table; a pointer from elsewhere is an error when the query runs.
//
//   - Shape: the zero Predicate is no condition.
type Predicate = query.Predicate

// Eq holds when the field equals v. A nullable field is compared with a plain
// value through its slot, as in retort.Eq(c.Note, "x").
//
//   - Errors: a nil v, when the query runs; use [IsNull].
func Eq[T any](field *T, v T) Predicate { return query.Compare("Eq", field, v) }

// Ne holds when the field is not NULL and differs from v.
func Ne[T any](field *T, v T) Predicate { return query.Compare("Ne", field, v) }

// Lt holds when the field is less than v.
func Lt[T any](field *T, v T) Predicate { return query.Compare("Lt", field, v) }

// Le holds when the field is less than or equal to v.
func Le[T any](field *T, v T) Predicate { return query.Compare("Le", field, v) }

// Gt holds when the field is greater than v.
func Gt[T any](field *T, v T) Predicate { return query.Compare("Gt", field, v) }

// Ge holds when the field is greater than or equal to v.
func Ge[T any](field *T, v T) Predicate { return query.Compare("Ge", field, v) }

// In holds when the field is one of vs; it never holds for none. The SQL text is
// the same for any number of values.
func In[T any](field *T, vs []T) Predicate { return query.In(field, slices.Clone(vs)) }

// Like holds when the text matches the pattern, in which % stands for any text
// and _ for one character. Text from users belongs into [Contains], [HasPrefix]
// or [HasSuffix].
func Like[T any](field *T, pattern string) Predicate { return query.Like("Like", field, pattern) }

// Contains holds when the text contains part; % and _ in it are plain text.
func Contains[T any](field *T, part string) Predicate {
	return query.Like("Contains", field, "%"+sqltext.EscapeLike(part)+"%")
}

// HasPrefix holds when the text begins with part; % and _ in it are plain text.
func HasPrefix[T any](field *T, part string) Predicate {
	return query.Like("HasPrefix", field, sqltext.EscapeLike(part)+"%")
}

// HasSuffix holds when the text ends with part; % and _ in it are plain text.
func HasSuffix[T any](field *T, part string) Predicate {
	return query.Like("HasSuffix", field, "%"+sqltext.EscapeLike(part))
}

// IsNull holds when the field is NULL.
func IsNull[T any](field *T) Predicate { return query.IsNull(field) }

// IsNotNull holds when the field is not NULL.
func IsNotNull[T any](field *T) Predicate { return query.IsNotNull(field) }

// And holds when all of ps hold. Without any it is no condition.
func And(ps ...Predicate) Predicate { return query.And(ps...) }

// Or holds when one of ps holds. Without any it is no condition.
func Or(ps ...Predicate) Predicate { return query.Or(ps...) }

// Not holds when p is false. As in SQL, it does not hold where p is unknown
// because of a NULL.
func Not(p Predicate) Predicate { return query.Not(p) }

// Opt is [Eq] for a filter that may be missing: a nil v is no condition.
func Opt[T any](field *T, v *T) Predicate {
	if v == nil {
		return Predicate{}
	}
	return Eq(field, *v)
}

// When is p if cond is true, and no condition otherwise.
func When(cond bool, p Predicate) Predicate {
	if !cond {
		return Predicate{}
	}
	return p
}

// Order is one key by which rows are sorted.
type Order = query.Order

// Asc sorts by the field, smallest first.
func Asc[T any](field *T) Order { return Order{Field: field} }

// Desc sorts by the field, largest first.
func Desc[T any](field *T) Order { return Order{Field: field, Desc: true} }
