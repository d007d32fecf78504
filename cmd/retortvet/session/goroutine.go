package session

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/retort-go/retort/cmd/retortvet/internal/api"
	"github.com/retort-go/retort/cmd/retortvet/internal/assign"
)

const argument = edge.CallExpr_Args

// starts reports whether a call runs its function arguments in a goroutine of
// their own.
func (c *checker) starts(call *ast.CallExpr) bool {
	fn := api.Callee(c.info, call)
	if fn == nil {
		return false
	}
	switch fn.FullName() {
	case "time.AfterFunc", "context.AfterFunc":
		return true
	}
	return api.Receiver(fn) != "" && (fn.Name() == "Go" || fn.Name() == "TryGo")
}

// started looks at what a go statement takes along: the function, the receiver of
// a method, and the arguments.
func (c *checker) started(stmt inspector.Cursor, call *ast.CallExpr) {
	cur := stmt.ChildAt(edge.GoStmt_Call, -1)
	fun := cur.ChildAt(edge.CallExpr_Fun, -1)
	c.taken(fun, stmt)
	for i := range call.Args {
		c.taken(cur.ChildAt(argument, i), stmt)
	}
}

// taken looks for sessions in an expression that is evaluated outside of the
// goroutine, which spawn starts, and whose value is used inside.
func (c *checker) taken(cur, spawn inspector.Cursor) {
	switch e := cur.Node().(type) {
	case *ast.FuncLit:
		c.captured(cur, spawn)
	case *ast.CallExpr:
		// Its arguments are used before the goroutine starts. Only what it returns
		// goes along.
		c.shared(cur, spawn, spawn)
	case *ast.Ident:
		if lit := c.function(e); lit != nil {
			if body, ok := cur.Inspector().Root().FindNode(lit); ok {
				c.captured(body, spawn)
			}
			return
		}
		c.shared(cur, spawn, spawn)
	case *ast.SelectorExpr:
		if api.IsSession(c.info.TypeOf(e)) {
			c.shared(cur, spawn, spawn)
			return
		}
		c.taken(cur.ChildAt(edge.SelectorExpr_X, -1), spawn)
	case *ast.ParenExpr, *ast.UnaryExpr, *ast.StarExpr, *ast.CompositeLit, *ast.KeyValueExpr:
		for child := range cur.Children() {
			if _, ok := child.Node().(ast.Expr); ok {
				c.taken(child, spawn)
			}
		}
	}
}

// function gives the literal that a local variable is set to, once.
func (c *checker) function(name *ast.Ident) *ast.FuncLit {
	v, ok := c.info.Uses[name].(*types.Var)
	if !ok || len(c.values[v]) != 1 || c.values[v][0].How != assign.Set {
		return nil
	}
	lit, _ := ast.Unparen(c.values[v][0].Expr).(*ast.FuncLit)
	return lit
}

// captured reports each session that a function has from outside, once. The
// function runs in the goroutine that spawn starts.
func (c *checker) captured(lit, spawn inspector.Cursor) {
	seen := make(map[*types.Var]bool)
	for cur := range lit.Preorder((*ast.Ident)(nil), (*ast.SelectorExpr)(nil), (*ast.CallExpr)(nil)) {
		root := c.root(cur.Node().(ast.Expr))
		if root == nil || seen[root] {
			continue
		}
		if c.shared(cur, lit, spawn) {
			seen[root] = true
		}
	}
}

// shared reports the session at cur if it was declared outside of region and not
// handed over to what spawn starts.
func (c *checker) shared(cur, region, spawn inspector.Cursor) bool {
	expr := cur.Node().(ast.Expr)
	if !api.IsSession(c.info.TypeOf(expr)) {
		return false
	}
	root := c.root(expr)
	if root == nil || inside(root.Pos(), region.Node()) {
		return false
	}
	if _, plain := expr.(*ast.Ident); plain && c.handedOver(root, spawn) {
		return false
	}
	c.report(expr, "a goroutine uses %s, a session from outside of it: a session belongs to one goroutine at a time, and the second gets ErrConcurrentUse: "+
		"open one inside, with retort.Run or Engine.Session, or do the work before the goroutine starts", expr)
	return true
}

// root gives the variable that an expression for a session begins with: s of s,
// h of h.session, r of web.Session(r). It is nil for elements of lists and maps,
// of which each goroutine may have its own, and for other calls.
func (c *checker) root(expr ast.Expr) *types.Var {
	switch e := expr.(type) {
	case *ast.ParenExpr:
		return c.root(e.X)
	case *ast.StarExpr:
		return c.root(e.X)
	case *ast.SelectorExpr:
		if v, ok := c.info.Uses[e.Sel].(*types.Var); ok && !v.IsField() {
			return v // of another package
		}
		return c.root(e.X)
	case *ast.CallExpr:
		if fn := api.Callee(c.info, e); api.Declares(api.Web, fn) && fn.Name() == "Session" && len(e.Args) == 1 {
			return c.root(e.Args[0])
		}
	case *ast.Ident:
		if v, ok := c.info.Uses[e].(*types.Var); ok && !v.IsField() {
			return v
		}
	}
	return nil
}
