package sqltext

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/ast/edge"

	"github.com/retort-go/retort/cmd/retortvet/internal/api"
	"github.com/retort-go/retort/cmd/retortvet/internal/assign"
)

// fixedElements reports whether all elements of a list or map are fixed texts.
func (j *judge) fixedElements(expr ast.Expr) bool {
	switch e := ast.Unparen(expr).(type) {
	case *ast.CompositeLit:
		for _, elt := range e.Elts {
			if pair, ok := elt.(*ast.KeyValueExpr); ok {
				elt = pair.Value
			}
			if j.judge(elt).kind != fixed {
				return false
			}
		}
		return true
	case *ast.CallExpr:
		return j.fixedAppend(e)
	case *ast.SliceExpr:
		return j.fixedElements(e.X)
	case *ast.Ident:
		v, ok := j.info.Uses[e].(*types.Var)
		return ok && j.fixedList(v) || j.info.Types[e].IsNil()
	}
	return false
}

// fixedAppend judges append(list, texts…) and make.
func (j *judge) fixedAppend(call *ast.CallExpr) bool {
	name, ok := ast.Unparen(call.Fun).(*ast.Ident)
	if !ok {
		return false
	}
	if _, builtin := j.info.Uses[name].(*types.Builtin); !builtin {
		return false
	}
	switch {
	case name.Name == "make":
		return true
	case name.Name != "append" || len(call.Args) == 0 || !j.fixedElements(call.Args[0]):
		return false
	case call.Ellipsis.IsValid():
		return j.fixedElements(call.Args[1])
	}
	return j.allFixed(call.Args[1:])
}

// fixedList judges all that a variable for a list is ever set to.
func (j *judge) fixedList(v *types.Var) bool {
	if len(j.values[v]) == 0 {
		return false
	}
	if j.busy[v] {
		return true
	}
	j.busy[v] = true
	defer delete(j.busy, v)
	for _, value := range j.values[v] {
		if value.Expr == nil || value.How != assign.Set || !j.fixedElements(value.Expr) {
			return false
		}
	}
	return true
}

// fixedKeys reports whether all keys of a map are constants; those of a list are
// numbers.
func (j *judge) fixedKeys(expr ast.Expr) bool {
	lit, ok := ast.Unparen(expr).(*ast.CompositeLit)
	if !ok {
		return false
	}
	for _, elt := range lit.Elts {
		if pair, ok := elt.(*ast.KeyValueExpr); ok && j.judge(pair.Key).kind != fixed {
			return false
		}
	}
	return true
}

func isBuilder(t types.Type) bool {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	n, ok := types.Unalias(t).(*types.Named)
	return ok && (api.In(n.Obj(), "strings") && n.Obj().Name() == "Builder" || api.In(n.Obj(), "bytes") && n.Obj().Name() == "Buffer")
}

// fixedBuilder reports whether only fixed texts were written to the builder whose
// String is called.
func (j *judge) fixedBuilder(call *ast.CallExpr) bool {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok {
		return false
	}
	name, ok := ast.Unparen(sel.X).(*ast.Ident)
	if !ok {
		return false
	}
	v, ok := j.info.Uses[name].(*types.Var)
	if !ok || v.IsField() || v.Parent() == nil || j.busy[v] {
		return false
	}
	j.busy[v] = true
	defer delete(j.busy, v)
	for _, cur := range j.builders[v] {
		parent := cur.Parent()
		switch {
		case cur.ParentEdgeKind() == edge.SelectorExpr_X && parent.ParentEdgeKind() == edge.CallExpr_Fun:
			if !j.fixedWrite(parent.Node().(*ast.SelectorExpr).Sel.Name, parent.Parent().Node().(*ast.CallExpr)) {
				return false
			}
		case cur.ParentEdgeKind() == edge.UnaryExpr_X && parent.ParentEdgeKind() == edge.CallExpr_Args:
			if !j.fixedPrint(parent.Parent().Node().(*ast.CallExpr)) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// fixedWrite judges a method call on a builder.
func (j *judge) fixedWrite(method string, call *ast.CallExpr) bool {
	switch method {
	case "String", "Len", "Cap", "Grow", "Reset":
		return true
	case "WriteString", "WriteByte", "WriteRune":
		return j.allFixed(call.Args)
	}
	return false
}

// fixedPrint judges a call that gets the builder's address.
func (j *judge) fixedPrint(call *ast.CallExpr) bool {
	fn := api.Callee(j.info, call)
	if fn == nil {
		return false
	}
	switch fn.FullName() {
	case "fmt.Fprintf":
		return j.fixedFormat(call)
	case "fmt.Fprint", "fmt.Fprintln", "io.WriteString":
		return len(call.Args) > 0 && j.allFixed(call.Args[1:])
	}
	return false
}
