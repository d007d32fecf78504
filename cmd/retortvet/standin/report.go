package standin

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"

	"github.com/retort-go/retort/cmd/retortvet/internal/api"
)

// why stands in every message.
const why = "a field of a stand-in names its column by address and never holds a value"

func (c *checker) text(expr ast.Expr) string { return types.ExprString(ast.Unparen(expr)) }

func (c *checker) at(place ast.Expr, format string, args ...any) {
	c.Report(analysis.Diagnostic{Pos: place.Pos(), End: place.End(), Message: fmt.Sprintf(format, args...)})
}

func (c *checker) reportRead(place ast.Expr) {
	c.at(place, "reads %[1]s, but %[2]s: read the field of a row that a query returned, or write &%[1]s to name the column", c.text(place), why)
}

func (c *checker) reportMethod(place ast.Expr, method string) {
	c.at(place, "calls %s of %s, but %s: call it on a row that a query returned", method, c.text(place), why)
}

func (c *checker) reportPassed(place ast.Expr, fn *types.Func) {
	c.at(place, "passes %[1]s to %[2]s, but %[3]s: pass the field of a row, or &%[1]s if %[2]s takes a column", c.text(place), api.Name(fn), why)
}

func (c *checker) reportArgument(place ast.Expr, fn *types.Func) {
	c.at(place, "passes %s to %s as a value, but %s: pass the value itself; what compares two columns is written in retort.SQL", c.text(place), api.Name(fn), why)
}

func (c *checker) reportWritten(place ast.Expr) {
	c.at(place, "writes to %s, but %s, and all queries of the table share it: set the field of a row, one that a query returned or a new one", c.text(place), why)
}

func (c *checker) reportReplaced(star ast.Expr) {
	c.at(star, "writes over the stand-in %s, which all queries of the table share: make a new row and pass it to Session.Add", c.text(star))
}

func (c *checker) reportCopied(star ast.Expr) {
	c.at(star, "copies the stand-in %s: the copy holds no values, and pointers into it name no columns: use the pointer itself, or a new row", c.text(star))
}

func (c *checker) reportValueMethod(sel *ast.SelectorExpr, fn *types.Func) {
	c.at(sel, "%s copies the stand-in, as the receiver of %s is no pointer: the copy holds no values, and pointers into it name no columns: call it on a row, or give it a pointer receiver",
		c.text(sel), fn.Name())
}

func (c *checker) reportNil(place ast.Expr, op token.Token) {
	call := "IsNull"
	if op == token.NEQ {
		call = "IsNotNull"
	}
	c.at(place, "compares %[1]s with nil, but %[2]s: in a query write retort.%[3]s(%[1]s), else look at a row", c.text(place), why, call)
}

func (c *checker) reportAddress(place ast.Expr, call string) {
	text := c.text(place)
	c.Report(analysis.Diagnostic{
		Pos: place.Pos(), End: place.End(),
		Message: fmt.Sprintf("passes the value of %[1]s to %[2]s, but %[3]s: write &%[1]s", text, call, why),
		SuggestedFixes: []analysis.SuggestedFix{{
			Message:   "Pass the address of " + text,
			TextEdits: []analysis.TextEdit{{Pos: place.Pos(), End: place.Pos(), NewText: []byte("&")}},
		}},
	})
}
