package session

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/inspector"

	"github.com/retort-go/retort/cmd/retortvet/internal/api"
)

// waited reports whether a goroutine is over before anybody else uses a session:
// its last act is to close or send on a channel, a statement further down in the
// block receives from it, and those between the two leave sessions alone and have
// no way out.
func (c *checker) waited(cur inspector.Cursor, stmt *ast.GoStmt) bool {
	lit, ok := stmt.Call.Fun.(*ast.FuncLit)
	if !ok {
		return false
	}
	channel := c.lastTold(lit.Body.List)
	if channel == nil {
		return false
	}
	for next, more := cur.NextSibling(); more; next, more = next.NextSibling() {
		if c.receives(next, channel) {
			return true
		}
		if c.interferes(next) {
			return false
		}
	}
	return false
}

// lastTold gives the channel that a body closes or sends on as its last act.
func (c *checker) lastTold(body []ast.Stmt) types.Object {
	if len(body) == 0 {
		return nil
	}
	if d, ok := body[0].(*ast.DeferStmt); ok && len(d.Call.Args) == 1 {
		if name, ok := d.Call.Fun.(*ast.Ident); ok && name.Name == "close" {
			return c.object(d.Call.Args[0])
		}
	}
	if send, ok := body[len(body)-1].(*ast.SendStmt); ok {
		return c.object(send.Chan)
	}
	return nil
}

// receives reports whether a statement receives from a channel in any case: not
// in a block of its own, which might not run.
func (c *checker) receives(stmt inspector.Cursor, channel types.Object) bool {
	found := false
	ast.Inspect(stmt.Node(), func(n ast.Node) bool {
		if u, ok := n.(*ast.UnaryExpr); ok && u.Op == token.ARROW && c.object(u.X) == channel {
			found = true
		}
		_, block := n.(*ast.BlockStmt)
		return !block
	})
	return found
}

// interferes reports whether a statement uses a session, or may leave the block.
func (c *checker) interferes(stmt inspector.Cursor) bool {
	for cur := range stmt.Preorder((*ast.Ident)(nil), (*ast.SelectorExpr)(nil), (*ast.CallExpr)(nil), (*ast.ReturnStmt)(nil), (*ast.BranchStmt)(nil)) {
		switch n := cur.Node().(type) {
		case *ast.ReturnStmt:
			if function(cur) == function(stmt) {
				return true
			}
		case *ast.BranchStmt:
			if n.Label != nil || !within(cur, stmt) {
				return true
			}
		case ast.Expr:
			if api.IsSession(c.info.TypeOf(n)) {
				return true
			}
		}
	}
	return false
}

// within reports whether what an unlabeled break or continue leaves lies in stmt.
func within(branch, stmt inspector.Cursor) bool {
	for outer := range branch.Enclosing((*ast.ForStmt)(nil), (*ast.RangeStmt)(nil), (*ast.SwitchStmt)(nil), (*ast.TypeSwitchStmt)(nil), (*ast.SelectStmt)(nil)) {
		return stmt.Contains(outer)
	}
	return false
}

// function gives the literal or declaration that a node is in.
func function(cur inspector.Cursor) inspector.Cursor {
	for outer := range cur.Enclosing((*ast.FuncLit)(nil), (*ast.FuncDecl)(nil)) {
		return outer
	}
	return inspector.Cursor{}
}

func (c *checker) object(expr ast.Expr) types.Object {
	if name, ok := ast.Unparen(expr).(*ast.Ident); ok {
		return c.info.ObjectOf(name)
	}
	return nil
}
