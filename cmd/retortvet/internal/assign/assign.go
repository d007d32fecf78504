// Package assign lists what the variables of a package are set to, so that a
// check can look through `c := Books.C` or `sql := fmt.Sprintf(…)`.
//
// It follows no control flow: a variable is everything that it is ever set to.
package assign

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/inspector"
)

// How says what an assignment makes of its expression.
type How int

// The kinds of assignments.
const (
	Set   How = iota // the variable is the expression
	Added            // the expression is added to it, as by +=
	Each             // it is each element of the expression, as by range
	Key              // it is each key of it
)

// Value is one assignment.
type Value struct {
	Expr ast.Expr // nil if it is not known
	How  How
}

// Values are all assignments of a package. A variable with none is a parameter,
// a field, or has its zero value.
type Values map[*types.Var][]Value

// Of collects the assignments in the files that an inspector holds.
func Of(info *types.Info, in *inspector.Inspector) Values {
	vs := make(Values)
	in.Preorder([]ast.Node{
		(*ast.AssignStmt)(nil), (*ast.ValueSpec)(nil), (*ast.RangeStmt)(nil), (*ast.UnaryExpr)(nil), (*ast.IncDecStmt)(nil),
	}, func(n ast.Node) {
		switch n := n.(type) {
		case *ast.AssignStmt:
			vs.assign(info, n)
		case *ast.ValueSpec:
			for i, name := range n.Names {
				if len(n.Values) > 0 {
					vs.add(info, name, Value{Expr: pick(n.Values, i, len(n.Names))})
				}
			}
		case *ast.RangeStmt:
			if n.Key != nil {
				vs.add(info, n.Key, Value{n.X, Key})
			}
			if n.Value != nil {
				vs.add(info, n.Value, Value{n.X, Each})
			}
		case *ast.UnaryExpr:
			// Whoever has the address may write.
			if n.Op == token.AND {
				vs.add(info, n.X, Value{})
			}
		case *ast.IncDecStmt:
			vs.add(info, n.X, Value{})
		}
	})
	return vs
}

func (vs Values) assign(info *types.Info, n *ast.AssignStmt) {
	for i, lhs := range n.Lhs {
		v := Value{Expr: pick(n.Rhs, i, len(n.Lhs))}
		switch n.Tok {
		case token.ASSIGN, token.DEFINE:
		case token.ADD_ASSIGN:
			v.How = Added
		default:
			v.Expr = nil
		}
		vs.add(info, lhs, v)
	}
}

func (vs Values) add(info *types.Info, lhs ast.Expr, v Value) {
	if index, ok := ast.Unparen(lhs).(*ast.IndexExpr); ok {
		lhs, v = index.X, Value{} // an element is set: the list is no longer what it was
	}
	name, ok := ast.Unparen(lhs).(*ast.Ident)
	if !ok {
		return
	}
	if obj, ok := info.ObjectOf(name).(*types.Var); ok {
		vs[obj] = append(vs[obj], v)
	}
}

// pick gives the expression for the variable i of n; nil when one call sets all.
func pick(values []ast.Expr, i, n int) ast.Expr {
	if len(values) != n {
		return nil
	}
	return values[i]
}
