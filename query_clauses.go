package retort

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/retort-go/retort/internal/query"
)

// clauses are what few queries have. A Query shares them with the ones that it
// was made from, so they are copied before they change.
type clauses struct {
	joins      []query.Join
	lifted     []string
	distinct   bool
	distinctOn []query.Node
	group      []query.Node
	having     []Predicate
	offset     int
	lock       *query.Lock
	total      bool // the primary key is a part of the order
	name       string
	errs       []error
}

// own is a copy that can be changed.
func (c *clauses) own() *clauses {
	if c == nil {
		return &clauses{}
	}
	own := *c
	own.joins, own.lifted = slices.Clip(own.joins), slices.Clip(own.lifted)
	own.distinctOn, own.group = slices.Clip(own.distinctOn), slices.Clip(own.group)
	own.having, own.errs = slices.Clip(own.having), slices.Clip(own.errs)
	return &own
}

func (q *Query[T]) clauses(more *clauses) *Query[T] {
	q = q.clone()
	q.more = more
	return q
}

func (c *clauses) byKey() *clauses {
	c = c.own()
	c.total = true
	return c
}

func (c *clauses) named(name string) *clauses {
	c = c.own()
	c.name, c.errs = name, append(c.errs, checkLabel(name))
	return c
}

// add puts the clauses into sel.
func (c *clauses) add(sel *query.Select) {
	if c == nil {
		return
	}
	sel.Joins, sel.Lifted, sel.Distinct, sel.DistinctOn = c.joins, c.lifted, c.distinct, c.distinctOn
	sel.Group, sel.Having, sel.Offset, sel.Lock = c.group, c.having, c.offset, c.lock
	sel.Total = sel.Total || c.total
	if c.name != "" && sel.Label != "" {
		sel.Label += " " + c.name
	}
}

// check returns what the calls that made the clauses did wrong.
func (c *clauses) check() error {
	if c == nil {
		return nil
	}
	return errors.Join(c.errs...)
}

// Named gives the statement a name of the program's, which stands in the comment
// in front of its SQL: in pg_stat_activity, in logs and traces.
//
//   - Errors: a name that is not 1 to 64 letters, digits and "-_./:", when the
//     query runs.
func (q *Query[T]) Named(name string) *Query[T] {
	return q.clauses(q.core().more.named(name))
}

func checkLabel(name string) error {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:", r)
	}
	if name == "" || len(name) > 64 || strings.IndexFunc(name, func(r rune) bool { return !plain(r) }) >= 0 || strings.Contains(name, "*/") || strings.Contains(name, "/*") {
		return fmt.Errorf("retort: Named: a name of a statement is 1 to 64 letters, digits and -_./:, and this one of %d bytes is not", len(name))
	}
	return nil
}

// Join adds the rows of src that belong to a row: one result for each pair. All of
// on must hold.
//
//   - Shape: the query still reads its own table; a row with several partners comes
//     several times, as the same object. [Exists] asks without repeating, [Select]
//     reads columns of both.
//   - Errors: no condition; the same table twice without [Table.As]; when the query
//     runs.
func (q *Query[T]) Join(src Source, on ...Predicate) *Query[T] {
	return q.join("Join", src, query.Join{Kind: "JOIN", On: on})
}

// LeftJoin is [Query.Join] that keeps rows without a partner; what it reads of src
// may be NULL then, whatever its table says.
func (q *Query[T]) LeftJoin(src Source, on ...Predicate) *Query[T] {
	return q.join("LeftJoin", src, query.Join{Kind: "LEFT JOIN", On: on, Left: true})
}

// RightJoin is [Query.Join] that keeps rows of src without a partner; what it reads
// of all other tables may be NULL then. It is for [Select].
func (q *Query[T]) RightJoin(src Source, on ...Predicate) *Query[T] {
	return q.join("RightJoin", src, query.Join{Kind: "RIGHT JOIN", On: on})
}

// FullJoin keeps rows of both sides without a partner. It is for [Select].
func (q *Query[T]) FullJoin(src Source, on ...Predicate) *Query[T] {
	return q.join("FullJoin", src, query.Join{Kind: "FULL JOIN", On: on, Left: true})
}

// CrossJoin pairs every row with every row of src.
func (q *Query[T]) CrossJoin(src Source) *Query[T] {
	return q.join("CrossJoin", src, query.Join{Kind: "CROSS JOIN"})
}

// LateralJoin is [Query.Join] with a [Sub] whose statement may name the tables
// before it: the three newest books of each author.
func (q *Query[T]) LateralJoin(src Source, on ...Predicate) *Query[T] {
	return q.join("LateralJoin", src, query.Join{Kind: "JOIN", On: on, Lateral: true})
}

// LeftLateralJoin is [Query.LateralJoin] that keeps rows without a partner.
func (q *Query[T]) LeftLateralJoin(src Source, on ...Predicate) *Query[T] {
	return q.join("LeftLateralJoin", src, query.Join{Kind: "LEFT JOIN", On: on, Left: true, Lateral: true})
}

func (q *Query[T]) join(call string, src Source, j query.Join) *Query[T] {
	return q.clauses(q.core().more.join(call, src, j))
}

//go:noinline
func (c *clauses) join(call string, src Source, j query.Join) *clauses {
	c = c.own()
	source, err := sourceOf(call, src)
	if err == nil && j.Lateral && (source.Rows == nil || source.Rows.Common) {
		err = fmt.Errorf("retort: %s: only a retort.Sub can be lateral; use Join for tables", call)
	}
	if err != nil {
		c.errs = append(c.errs, err)
		return c
	}
	j.Source, j.Call, j.On = source, call, slices.Clone(j.On)
	c.joins = append(c.joins, j)
	return c
}

// sourceOf is src, or what is wrong with it.
func sourceOf(call string, src Source) (query.Source, error) {
	if src == nil {
		return query.Source{}, fmt.Errorf("retort: %s: the table is nil", call)
	}
	if other := src.named(); other != nil && other.err != nil {
		return query.Source{}, fmt.Errorf("retort: %s: source %q: %w", call, other.name, other.err)
	}
	return src.source(), nil
}

// Distinct leaves out rows that are equal to another one in all that is read.
func (q *Query[T]) Distinct() *Query[T] { return q.clauses(q.core().more.onlyDistinct(nil)) }

// DistinctOn keeps the first row of those that are equal in xs, field pointers or
// expressions. The order must begin with them.
func (q *Query[T]) DistinctOn(xs ...any) *Query[T] {
	return q.clauses(q.core().more.onlyDistinct(nodesOf("DistinctOn", xs)))
}

// GroupBy makes one row of those that are equal in xs, field pointers or
// expressions, which the selection, Having and OrderBy may repeat. It is for [Select].
func (q *Query[T]) GroupBy(xs ...any) *Query[T] {
	return q.clauses(q.core().more.grouped(nodesOf("GroupBy", xs), nil))
}

// Having keeps groups for which all of ps hold.
func (q *Query[T]) Having(ps ...Predicate) *Query[T] {
	return q.clauses(q.core().more.grouped(nil, ps))
}

// Offset leaves out the first n rows, which the server reads all the same: pages
// deep inside are better reached by [Query.After].
//
//   - Errors: n below zero, when the query runs.
func (q *Query[T]) Offset(n int) *Query[T] {
	return q.clauses(q.core().more.from(n))
}

// Unfiltered leaves the session's filters of these names out of this query, but
// not of the queries inside it; see [FilterBy].
//
//   - Errors: no name, when the query runs: a filter is lifted knowingly.
func (q *Query[T]) Unfiltered(names ...string) *Query[T] {
	return q.clauses(q.core().more.lift(names))
}

func (c *clauses) onlyDistinct(on []query.Node) *clauses {
	c = c.own()
	c.distinct = c.distinct || on == nil
	c.distinctOn = append(c.distinctOn, on...)
	return c
}

func (c *clauses) grouped(by []query.Node, having []Predicate) *clauses {
	c = c.own()
	c.group, c.having = append(c.group, by...), append(c.having, having...)
	return c
}

func (c *clauses) from(offset int) *clauses {
	c = c.own()
	c.offset = offset
	if offset < 0 {
		c.errs = append(c.errs, fmt.Errorf("retort: Offset(%d): an offset is 0 or more", offset))
	}
	return c
}

func (c *clauses) lift(names []string) *clauses {
	c = c.own()
	if len(names) == 0 {
		c.errs = append(c.errs, errors.New("retort: Unfiltered: name the filters that the query leaves out"))
	}
	c.lifted = append(c.lifted, names...)
	return c
}

// LockOption says how a row lock waits and of which tables it is.
type LockOption func(*query.Lock)

// SkipLocked leaves out rows that another transaction has locked: a queue's
// workers do not wait for each other.
func SkipLocked() LockOption { return func(l *query.Lock) { l.Wait = "SKIP LOCKED" } }

// NoWait makes a row that another transaction has locked an error of the kind
// lock not available at once.
func NoWait() LockOption { return func(l *query.Lock) { l.Wait = "NOWAIT" } }

// LockOf locks rows of one of the joined tables only: LockOf(Books.C). It may be
// given several times.
func LockOf[T any](standIn *T) LockOption {
	return func(l *query.Lock) { l.Of = append(l.Of, standIn) }
}

// ForUpdate locks the rows until the transaction ends, against writers and other
// locks. Objects that the session has already get the locked row's values.
//
//   - Shape: the session opens its transaction.
func (q *Query[T]) ForUpdate(options ...LockOption) *Query[T] { return q.locked("UPDATE", options) }

// ForNoKeyUpdate is [Query.ForUpdate] that lets rows with foreign keys to these be
// written: the lock that an UPDATE takes.
func (q *Query[T]) ForNoKeyUpdate(options ...LockOption) *Query[T] {
	return q.locked("NO KEY UPDATE", options)
}

// ForShare locks the rows against writers; others may share the lock.
func (q *Query[T]) ForShare(options ...LockOption) *Query[T] { return q.locked("SHARE", options) }

// ForKeyShare locks the rows against deletion and changes of their keys: the lock
// that a foreign key takes.
func (q *Query[T]) ForKeyShare(options ...LockOption) *Query[T] {
	return q.locked("KEY SHARE", options)
}

func (q *Query[T]) locked(strength string, options []LockOption) *Query[T] {
	return q.clauses(q.core().more.locked(strength, options))
}

func (c *clauses) locked(strength string, options []LockOption) *clauses {
	c = c.own()
	c.lock = &query.Lock{Strength: strength}
	for _, option := range options {
		option(c.lock)
	}
	return c
}

// Scalar is the one value of a statement as an expression; NULL where it has no
// row. The statement may name the tables around it.
//
//   - Errors: the server's, for more than one row.
func Scalar[V any](rows RowsOf[V]) Expr[V] {
	form, err := rows.rowsOf(nil)
	if err != nil {
		return Expr[V]{query.Failed(err)}
	}
	return Expr[V]{query.Scalar(form)}
}

// InQuery holds when the column is among the values of a statement:
// InQuery(&c.AuthorID, retort.Values(q, retort.Col(&a.ID))).
func InQuery[V any](field *V, rows RowsOf[V]) Predicate { return Col(field).InQuery(rows) }

// InQuery holds when the value is among those of a statement.
func (e Expr[V]) InQuery(rows RowsOf[V]) Predicate {
	form, err := rows.rowsOf(nil)
	if err != nil {
		return query.Condition("InQuery", query.Failed(err))
	}
	return query.InQuery("InQuery", e.node, form)
}

// Exists holds when the statement has a row. It may name the tables around it:
// Exists(Books.Where(retort.EqCol(&Books.C.AuthorID, &Authors.C.ID))).
func Exists[R any](rows RowsOf[R]) Predicate {
	form, err := rows.rowsOf(nil)
	if err != nil {
		return query.Condition("Exists", query.Failed(err))
	}
	return query.Exists(form)
}
