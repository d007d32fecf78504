package session

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/retort-go/retort/cmd/retortvet/internal/api"
	"github.com/retort-go/retort/cmd/retortvet/internal/assign"
)

// sent reports a session that goes through a channel, alone or in a struct.
func (c *checker) sent(stmt inspector.Cursor) {
	value := stmt.ChildAt(edge.SendStmt_Value, -1)
	for cur := range value.Preorder((*ast.Ident)(nil), (*ast.SelectorExpr)(nil), (*ast.CallExpr)(nil)) {
		expr := cur.Node().(ast.Expr)
		if !api.IsSession(c.info.TypeOf(expr)) || !kept(cur, value) {
			continue
		}
		root := c.root(expr)
		if _, plain := expr.(*ast.Ident); root == nil || plain && c.handedOver(root, stmt) {
			continue
		}
		c.report(expr, "sends %s through a channel: a session belongs to one goroutine at a time, and is closed when its function returns: "+
			"send the objects or their keys, and open a session at the other end", expr)
		return
	}
}

// kept reports whether the value of cur is in that of whole: nothing but literals
// between the two.
func kept(cur, whole inspector.Cursor) bool {
	for ; cur != whole; cur = cur.Parent() {
		switch cur.Parent().Node().(type) {
		case *ast.CompositeLit, *ast.KeyValueExpr, *ast.UnaryExpr, *ast.ParenExpr:
		default:
			return false
		}
	}
	return true
}

// assigned reports sessions that go where others find them.
func (c *checker) assigned(cur inspector.Cursor, n *ast.AssignStmt) {
	for i, lhs := range n.Lhs {
		switch {
		case !api.IsSession(c.info.TypeOf(lhs)) || len(n.Lhs) == len(n.Rhs) && c.info.Types[n.Rhs[i]].IsNil():
		case global(c.target(lhs)):
			c.reportGlobal(lhs)
		case len(n.Lhs) == len(n.Rhs) && c.intoHandler(cur, lhs, n.Rhs[i]):
			c.report(lhs, "keeps the session in %s: the receiver of a handler serves all requests at once, and each has a session of its own: pass the session as an argument", lhs)
		}
	}
}

// declared reports a package-level variable that is a session from the start.
func (c *checker) declared(n *ast.ValueSpec) {
	for i, name := range n.Names {
		v, ok := c.info.Defs[name].(*types.Var)
		if !ok || !global(v) || !api.IsSession(v.Type()) || len(n.Values) == 0 {
			continue
		}
		if len(n.Values) == len(n.Names) && c.info.Types[n.Values[i]].IsNil() {
			continue
		}
		c.reportGlobal(name)
	}
}

func (c *checker) reportGlobal(expr ast.Expr) {
	c.report(expr, "keeps a session in %s, which every goroutine can reach: a session belongs to one goroutine at a time, and its objects and snapshot grow old: "+
		"keep the *retort.Engine, and open a session for each piece of work", expr)
}

// target gives the variable that an assignment changes, the whole or a part.
func (c *checker) target(lhs ast.Expr) *types.Var {
	if index, ok := ast.Unparen(lhs).(*ast.IndexExpr); ok {
		return c.target(index.X)
	}
	return c.root(lhs)
}

func global(v *types.Var) bool {
	return v != nil && !v.IsField() && v.Pkg() != nil && v.Parent() == v.Pkg().Scope()
}

// intoHandler reports whether a method that serves requests, func(ctx, s, in)
// (out, error), puts its session into its receiver.
func (c *checker) intoHandler(cur inspector.Cursor, lhs, rhs ast.Expr) bool {
	for fn := range cur.Enclosing((*ast.FuncDecl)(nil)) {
		method, ok := c.info.Defs[fn.Node().(*ast.FuncDecl).Name].(*types.Func)
		if !ok || method.Signature().Recv() == nil {
			return false
		}
		sig := method.Signature()
		_, field := ast.Unparen(lhs).(*ast.SelectorExpr)
		return field && sig.Params().Len() == 3 && sig.Results().Len() == 2 &&
			c.root(lhs) == sig.Recv() && c.object(rhs) == sig.Params().At(1)
	}
	return false
}

// handedOver reports whether a session is this function's own, made by it or an
// element of a list that it ranges over, and goes to at without being used
// afterwards. A goroutine may use it before, too, as only then one has it at a
// time.
func (c *checker) handedOver(v *types.Var, at inspector.Cursor) bool {
	values := c.values[v]
	if len(values) != 1 || global(v) || !c.fresh(values[0]) || !sameTurn(v, at) {
		return false
	}
	for _, use := range c.uses[v] {
		if inside(use.Node().Pos(), at.Node()) {
			continue
		}
		if use.Node().Pos() > at.Node().End() || later(use, v) {
			return false
		}
	}
	return true
}

func (c *checker) fresh(value assign.Value) bool {
	switch value.How {
	case assign.Each:
		return true
	case assign.Set:
		call, ok := value.Expr.(*ast.CallExpr)
		return ok && !api.Declares(api.Web, api.Callee(c.info, call))
	}
	return false
}

// sameTurn reports whether at runs at most once for each time that v is declared:
// no loop and no function lies between them.
func sameTurn(v *types.Var, at inspector.Cursor) bool {
	for outer := range at.Enclosing((*ast.ForStmt)(nil), (*ast.RangeStmt)(nil), (*ast.FuncLit)(nil)) {
		return inside(v.Pos(), outer.Node())
	}
	return true
}

// later reports whether a use may come after the code around it has run.
func later(use inspector.Cursor, v *types.Var) bool {
	for outer := range use.Enclosing((*ast.DeferStmt)(nil), (*ast.FuncLit)(nil)) {
		return !inside(v.Pos(), outer.Node())
	}
	return false
}

func inside(pos token.Pos, n ast.Node) bool { return n.Pos() <= pos && pos < n.End() }

// report is silent where it spoke already: goroutines can lie in each other.
func (c *checker) report(at ast.Expr, format string, names ...ast.Expr) {
	if c.reported[at.Pos()] {
		return
	}
	c.reported[at.Pos()] = true
	args := make([]any, len(names))
	for i, name := range names {
		args[i] = types.ExprString(name)
	}
	c.Report(analysis.Diagnostic{Pos: at.Pos(), End: at.End(), Message: fmt.Sprintf(format, args...)})
}
