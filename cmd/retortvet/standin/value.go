package standin

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/retort-go/retort/cmd/retortvet/internal/api"
)

// value looks at a field that is used as a value. The only right use is that of
// a nullable field's slot, a pointer, to name its column.
func (c *checker) value(cur inspector.Cursor, place ast.Expr) {
	_, slot := c.pass.TypesInfo.TypeOf(place).Underlying().(*types.Pointer)
	parent := cur.Parent()
	switch n := parent.Node().(type) {
	case *ast.CallExpr:
		if cur.ParentEdgeKind() == edge.CallExpr_Args {
			c.argument(n, cur.ParentEdgeIndex(), place, slot)
			return
		}
	case *ast.CompositeLit:
		c.element(parent, n, place, slot)
		return
	case *ast.KeyValueExpr:
		if lit, ok := parent.Parent().Node().(*ast.CompositeLit); ok && cur.ParentEdgeKind() == edge.KeyValueExpr_Value {
			c.element(parent.Parent(), lit, place, slot)
			return
		}
	case *ast.BinaryExpr:
		c.compared(parent, n, place, slot)
		return
	case *ast.ReturnStmt, *ast.ValueSpec:
		if slot {
			return
		}
	case *ast.AssignStmt:
		if slot && !isField(n, cur.ParentEdgeIndex()) {
			return
		}
	}
	c.reportRead(place)
}

// isField reports whether the right side i of an assignment goes into a field.
func isField(n *ast.AssignStmt, i int) bool {
	if i >= len(n.Lhs) {
		return false
	}
	_, field := ast.Unparen(n.Lhs[i]).(*ast.SelectorExpr)
	return field
}

// argument looks at a field as the argument i of a call.
func (c *checker) argument(call *ast.CallExpr, i int, place ast.Expr, slot bool) {
	if tv := c.pass.TypesInfo.Types[call.Fun]; tv.IsType() || tv.IsBuiltin() {
		if name, ok := ast.Unparen(call.Fun).(*ast.Ident); ok && name.Name == "append" && slot && i > 0 {
			return
		}
		c.reportRead(place)
		return
	}
	fn := api.Callee(c.pass.TypesInfo, call)
	switch {
	case fn == nil:
		c.reportRead(place)
	case slot && api.Declares(api.Web, fn) && namesColumn(fn, i): // FilterBy(p, name, field)
	case !api.Declares(api.Root, fn):
		if !slot || !buildsQuery(fn) {
			c.reportPassed(place, fn)
		}
	case !namesColumn(fn, i):
		c.reportArgument(place, fn)
	case !slot:
		c.reportAddress(place, api.Name(fn))
	}
}

// namesColumn reports whether the argument i of a call into Retort is a column.
func namesColumn(fn *types.Func, i int) bool {
	p := api.Param(fn, i)
	if p == nil {
		return false
	}
	for _, word := range []string{"field", "column", "target", "unique"} {
		if strings.HasPrefix(strings.ToLower(p.Name()), word) {
			return true
		}
	}
	// GroupBy(xs ...any), Desc(parts ...any): columns or what is made of them.
	if list, ok := p.Type().(*types.Slice); ok && (p.Name() == "xs" || p.Name() == "parts") && types.Identical(list.Elem(), types.Universe.Lookup("any").Type()) {
		return true
	}
	// Eq[T any](field *T, …) under any other name.
	pointer, ok := p.Type().(*types.Pointer)
	if !ok || i > 0 {
		return false
	}
	_, ok = pointer.Elem().(*types.TypeParam)
	return ok
}

// buildsQuery reports whether a function returns what queries are made of: it
// wraps a predicate or an order, and takes columns as these do.
func buildsQuery(fn *types.Func) bool {
	return slices.ContainsFunc(slices.Collect(fn.Signature().Results().Variables()), func(v *types.Var) bool {
		t := v.Type()
		if s, ok := t.Underlying().(*types.Slice); ok {
			t = s.Elem()
		}
		n, ok := types.Unalias(t).(*types.Named)
		return ok && n.Obj().Pkg() != nil && strings.HasPrefix(n.Obj().Pkg().Path()+"/", api.Root+"/")
	})
}

// element looks at a field inside a composite literal: a list or map of columns,
// or a struct that wants values.
func (c *checker) element(cur inspector.Cursor, lit *ast.CompositeLit, place ast.Expr, slot bool) {
	if _, isStruct := c.pass.TypesInfo.TypeOf(lit).Underlying().(*types.Struct); isStruct {
		c.reportRead(place)
		return
	}
	if slot {
		return
	}
	if call, ok := cur.Parent().Node().(*ast.CallExpr); ok && cur.ParentEdgeKind() == edge.CallExpr_Args {
		if fn := api.Callee(c.pass.TypesInfo, call); api.Declares(api.Root, fn) && namesColumn(fn, cur.ParentEdgeIndex()) {
			c.reportAddress(place, api.Name(fn))
			return
		}
	}
	c.reportRead(place)
}

// compared looks at c.X == y and its like.
func (c *checker) compared(cur inspector.Cursor, n *ast.BinaryExpr, place ast.Expr, slot bool) {
	equality := n.Op == token.EQL || n.Op == token.NEQ
	asserted := outerParens(cur).ParentEdgeKind() == edge.IfStmt_Cond
	switch {
	case equality && asserted && api.IsTest(c.pass.Fset.Position(place.Pos()).Filename):
	case equality && slot && (c.isNil(n.X) || c.isNil(n.Y)):
		c.reportNil(place, n.Op)
	default:
		c.reportRead(place)
	}
}

func (c *checker) isNil(expr ast.Expr) bool { return c.pass.TypesInfo.Types[ast.Unparen(expr)].IsNil() }
