// Package retort has the names of the library that the checks know. The test of
// the command runs them against the library itself.
package retort

import (
	"context"
	"errors"

	"github.com/retort-go/retort/internal/query"
)

var ErrConcurrentUse = errors.New("retort: two goroutines")

type Engine struct{}

func (e *Engine) Session() *Session { return &Session{} }

type Session struct{}

func (s *Session) Add(objects ...any)              {}
func (s *Session) ReadOnly() bool                  { return false }
func (s *Session) Close(ctx context.Context) error { return nil }
func (s *Session) Flush(ctx context.Context) error { return nil }
func (s *Session) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	return 0, nil
}

type TxOptions struct{}

func Run[R any](ctx context.Context, eng *Engine, opts TxOptions, fn func(context.Context, *Session) (R, error)) (R, error) {
	return fn(ctx, eng.Session())
}

type Table[T any] struct{ C *T }

func NewTable[T any](name string) *Table[T] { return &Table[T]{C: new(T)} }

func (t *Table[T]) As(alias string) *T                  { return new(T) }
func (t *Table[T]) Where(ps ...Predicate) Query[T]      { return Query[T]{} }
func (t *Table[T]) Get(s *Session, key any) (*T, error) { return nil, nil }

func (t *Table[T]) Insert(rows ...*T) Ins[T] { return Ins[T]{} }

type Ins[T any] struct{}

func (i Ins[T]) OnConflict(unique ...any) Ins[T] { return i }

type Query[T any] struct{}

func (q Query[T]) OrderBy(keys ...Order) Query[T] { return q }
func (q Query[T]) With(fields ...any) Query[T]    { return q }
func (q Query[T]) GroupBy(xs ...any) Query[T]     { return q }
func (q Query[T]) After(values ...any) Query[T]   { return q }

type Predicate = query.Predicate

type Order struct{}

func Eq[T any](field *T, v T) Predicate          { return Predicate{} }
func Lt[T any](field *T, v T) Predicate          { return Predicate{} }
func Opt[T any](field *T, v *T) Predicate        { return Predicate{} }
func In[T any](field *T, vs []T) Predicate       { return Predicate{} }
func Contains(field *string, p string) Predicate { return Predicate{} }
func IsNull[T any](field *T) Predicate           { return Predicate{} }
func When(cond bool, p Predicate) Predicate      { return p }
func Asc[T any](field *T) Order                  { return Order{} }

type Definition[T any] struct{ C *T }

func (d *Definition[T]) Index(fields ...any) *IndexDef { return nil }
func (d *Definition[T]) Column(field any)              {}
func (d *Definition[T]) Check(name, sql string)        {}
func (d *Definition[T]) ForeignKey(fields, targets []any) {
}

type IndexDef struct{}

func (x *IndexDef) Where(sql string) *IndexDef { return x }

type Many[T any] struct{ rows []*T }

func (m *Many[T]) All() ([]*T, error) { return m.rows, nil }

func HasMany[P, C, K any](d *Definition[P], field *Many[C], child *Table[C], column func(*C) *K) {}

func InSessionView[M, Out any](eng *Engine, view func(*M) *Out) {}

type Raw[T any] struct{}

func SQL[T any](sql string, args ...any) Raw[T] { return Raw[T]{} }
