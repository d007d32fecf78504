package standin

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

// use looks at what is done with the stand-in at cur: the pointer itself may go
// anywhere, what it points at may only be named.
func (c *checker) use(cur inspector.Cursor) {
	cur = outerParens(cur)
	parent := cur.Parent()
	switch cur.ParentEdgeKind() {
	case edge.SelectorExpr_X:
		c.selected(parent)
	case edge.StarExpr_X:
		c.deref(outerParens(parent))
	}
}

// deref looks at *c.
func (c *checker) deref(star inspector.Cursor) {
	parent := star.Parent()
	switch kind := star.ParentEdgeKind(); {
	case kind == edge.SelectorExpr_X:
		c.selected(parent)
	case isAddress(parent), discarded(c.pass.TypesInfo, star):
	case kind == edge.AssignStmt_Lhs:
		c.reportReplaced(star.Node().(ast.Expr))
	default:
		c.reportCopied(star.Node().(ast.Expr))
	}
}

// selected looks at c.X: a field is followed, a method of the model is its own
// business unless calling it copies the stand-in.
func (c *checker) selected(cur inspector.Cursor) {
	sel := cur.Node().(*ast.SelectorExpr)
	s := c.pass.TypesInfo.Selections[sel]
	if s == nil {
		return
	}
	if s.Kind() == types.FieldVal {
		c.field(outerParens(cur))
		return
	}
	fn := s.Obj().(*types.Func) // what is no field is a method
	if _, pointer := fn.Signature().Recv().Type().(*types.Pointer); !pointer {
		c.reportValueMethod(sel, fn)
	}
}

// field climbs from a field of the stand-in to the whole of what is selected,
// then looks at its use.
func (c *checker) field(cur inspector.Cursor) {
	place := cur.Node().(ast.Expr)
	parent := cur.Parent()
	switch kind := cur.ParentEdgeKind(); kind {
	case edge.SelectorExpr_X:
		sel := parent.Node().(*ast.SelectorExpr)
		if s := c.pass.TypesInfo.Selections[sel]; s != nil && s.Kind() == types.FieldVal {
			c.field(outerParens(parent))
			return
		}
		c.reportMethod(place, sel.Sel.Name)
	case edge.IndexExpr_X:
		if _, array := c.pass.TypesInfo.TypeOf(place).Underlying().(*types.Array); array {
			c.field(outerParens(parent))
			return
		}
		c.reportRead(place)
	case edge.StarExpr_X:
		if star := outerParens(parent); star.ParentEdgeKind() == edge.AssignStmt_Lhs || star.ParentEdgeKind() == edge.IncDecStmt_X {
			c.reportWritten(place)
			return
		}
		c.reportRead(place)
	case edge.AssignStmt_Lhs, edge.IncDecStmt_X, edge.RangeStmt_Key, edge.RangeStmt_Value:
		c.reportWritten(place)
	default:
		if !isAddress(parent) && !discarded(c.pass.TypesInfo, cur) {
			c.value(cur, place)
		}
	}
}

// outerParens gives the outermost of the parentheses around an expression.
func outerParens(cur inspector.Cursor) inspector.Cursor {
	for cur.ParentEdgeKind() == edge.ParenExpr_X {
		cur = cur.Parent()
	}
	return cur
}

func isAddress(parent inspector.Cursor) bool {
	u, ok := parent.Node().(*ast.UnaryExpr)
	return ok && u.Op == token.AND
}

// discarded reports whether the expression's value is not looked at: `_ = x`, or
// an operand of unsafe.Sizeof and its like.
func discarded(info *types.Info, cur inspector.Cursor) bool {
	switch parent := cur.Parent().Node().(type) {
	case *ast.AssignStmt:
		if cur.ParentEdgeKind() != edge.AssignStmt_Rhs || len(parent.Lhs) != len(parent.Rhs) {
			return false
		}
		name, ok := parent.Lhs[cur.ParentEdgeIndex()].(*ast.Ident)
		return ok && name.Name == "_"
	case *ast.CallExpr:
		sel, ok := ast.Unparen(parent.Fun).(*ast.SelectorExpr)
		if !ok {
			return false
		}
		_, builtin := info.Uses[sel.Sel].(*types.Builtin)
		return builtin
	}
	return false
}
