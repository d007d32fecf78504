package retort

import (
	"fmt"
	"reflect"

	"github.com/retort-go/retort/internal/query"
	"github.com/retort-go/retort/internal/sqltext"
)

// Args are named arguments of the user's own SQL: @name in the text.
type Args map[string]any

// Fragment is a piece of the user's own SQL as an expression. Its arguments are
// numbered from 1 in the piece itself, or named by a single [Args]: a field pointer
// or an [Expr] is inserted as that column or expression, anything else travels as a
// parameter.
//
//		retort.Fragment[int32]("width_bucket($1, $2, $3, 5)", &c.Pages, 0, 1000)
//		retort.Fragment[bool]("@col ~ @pattern", retort.Args{"col": &c.Title, "pattern": re})
//
//	  - Shape: what it does is not known, so the session opens its transaction, as
//	    for [SQL]; a piece that only computes says so by [Expr.Pure]. It counts as
//	    something that may be NULL, unless [Expr.NotNull] says otherwise.
//	  - Errors: a piece with open quotes or parentheses, or several statements; an
//	    argument without its place, a place without its argument; a pointer that is
//	    no column of the query; when it runs.
func Fragment[V any](sql string, args ...any) Expr[V] {
	pieces, err := fragment("Fragment", sql, args)
	if err != nil {
		return Expr[V]{query.Failed(err)}
	}
	return Expr[V]{query.Fragment(pieces, true)}
}

// fragment takes the text apart at its arguments.
func fragment(call, sql string, args []any) ([]query.Piece, error) {
	if err := sqltext.CheckLiteral(sql); err != nil {
		return nil, fmt.Errorf("retort: %s: %w", call, err)
	}
	text, ordered, err := arrange(call, sql, args)
	if err != nil {
		return nil, err
	}
	parts, err := sqltext.Split(text)
	if err != nil {
		return nil, fmt.Errorf("retort: %s: %w", call, err)
	}
	used := make([]bool, len(ordered))
	var pieces []query.Piece
	for _, p := range parts {
		if p.Arg == 0 {
			pieces = append(pieces, query.Piece{SQL: p.SQL})
			continue
		}
		if p.Arg > len(ordered) {
			return nil, fmt.Errorf("retort: %s: $%d has no argument, as only %d are given", call, p.Arg, len(ordered))
		}
		used[p.Arg-1] = true
		pieces = append(pieces, query.Piece{Node: argument(call, ordered[p.Arg-1])})
	}
	for i, u := range used {
		if !u {
			return nil, fmt.Errorf("retort: %s: argument %d has no place $%d in the text", call, i+1, i+1)
		}
	}
	return pieces, nil
}

// argument is what an argument of a fragment becomes.
func argument(call string, arg any) query.Node {
	if e, ok := arg.(expression); ok {
		return e.expr()
	}
	if t := reflect.TypeOf(arg); t != nil && t.Kind() == reflect.Pointer {
		return query.Column(call, arg)
	}
	if arg == nil {
		return query.Failed(fmt.Errorf("retort: %s: an argument is nil; write NULL into the text", call))
	}
	return query.Param(call, arg)
}

// arrange turns named arguments into numbered ones.
func arrange(call, sql string, args []any) (string, []any, error) {
	if len(args) != 1 {
		return sql, args, nil
	}
	named, ok := args[0].(Args)
	if !ok {
		return sql, args, nil
	}
	text, names, err := sqltext.Named(sql)
	if err != nil {
		return "", nil, fmt.Errorf("retort: %s: %w", call, err)
	}
	ordered := make([]any, len(names))
	for i, name := range names {
		v, ok := named[name]
		if !ok {
			return "", nil, fmt.Errorf("retort: %s: @%s has no argument; add %q to the Args", call, name, name)
		}
		ordered[i] = v
	}
	if len(names) < len(named) {
		for name := range named {
			if !contains(names, name) {
				return "", nil, fmt.Errorf("retort: %s: the argument %q has no place @%s in the text", call, name, name)
			}
		}
	}
	return text, ordered, nil
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// Pure says of a [Fragment] that it only computes: it changes nothing, locks
// nothing and leaves the connection's settings alone. The query needs no
// transaction for it then.
func (e Expr[V]) Pure() Expr[V] { return Expr[V]{query.Pure(e.node)} }

// NotNull promises that the value is never NULL, where the query cannot know it.
//
//   - Errors: a NULL that comes all the same, when it is read.
func (e Expr[V]) NotNull() Expr[V] { return Expr[V]{query.NotNull(e.node)} }
