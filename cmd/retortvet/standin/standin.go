package standin

import (
	_ "embed"
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/retort-go/retort/cmd/retortvet/internal/api"
	"github.com/retort-go/retort/cmd/retortvet/internal/assign"
	"github.com/retort-go/retort/cmd/retortvet/internal/ignore"
)

//go:embed doc.md
var doc string

// Analyzer reports the fields of stand-ins that are read, written or copied.
var Analyzer = &analysis.Analyzer{
	Name:     "standin",
	Doc:      doc,
	URL:      "https://pkg.go.dev/github.com/retort-go/retort/cmd/retortvet/standin",
	Requires: []*analysis.Analyzer{inspect.Analyzer},
	Run:      run,
}

// checker looks at one package.
type checker struct {
	*ignore.Reporter
	pass   *analysis.Pass
	values assign.Values
	params map[*types.Var]bool // of the functions that name a column
	busy   map[*types.Var]bool // variables being looked through
}

func run(pass *analysis.Pass) (any, error) {
	in := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector)
	c := &checker{
		Reporter: ignore.New(pass), pass: pass,
		values: assign.Of(pass.TypesInfo, in),
		params: make(map[*types.Var]bool), busy: make(map[*types.Var]bool),
	}
	c.findParams(in)
	for cur := range in.Root().Preorder((*ast.Ident)(nil), (*ast.SelectorExpr)(nil), (*ast.CallExpr)(nil)) {
		expr := cur.Node().(ast.Expr)
		if name, ok := expr.(*ast.Ident); ok && pass.TypesInfo.Uses[name] == nil {
			continue // its declaration
		}
		if c.isStandIn(expr) {
			c.use(cur)
		}
	}
	return nil, nil
}

// isStandIn reports whether an expression is a pointer to a stand-in.
func (c *checker) isStandIn(expr ast.Expr) bool {
	switch e := expr.(type) {
	case *ast.ParenExpr:
		return c.isStandIn(e.X)
	case *ast.SelectorExpr:
		return api.IsStandIn(c.pass.TypesInfo, e)
	case *ast.CallExpr:
		return c.isAlias(e)
	case *ast.Ident:
		v, ok := c.pass.TypesInfo.ObjectOf(e).(*types.Var)
		return ok && (c.params[v] || c.holdsStandIns(v))
	}
	return false
}

// isAlias reports whether a call makes a second stand-in of a table: a method
// Table.As that returns a *T.
func (c *checker) isAlias(call *ast.CallExpr) bool {
	fn := api.Callee(c.pass.TypesInfo, call)
	if !api.Declares(api.Root, fn) || fn.Name() != "As" || api.Receiver(fn) != "Table" || fn.Signature().Results().Len() != 1 {
		return false
	}
	p, ok := fn.Signature().Results().At(0).Type().(*types.Pointer)
	if !ok {
		return false
	}
	_, ok = p.Elem().(*types.TypeParam)
	return ok
}

// holdsStandIns reports whether a variable is set to stand-ins and nothing else.
func (c *checker) holdsStandIns(v *types.Var) bool {
	if c.busy[v] || len(c.values[v]) == 0 {
		return false
	}
	c.busy[v] = true
	defer delete(c.busy, v)
	for _, value := range c.values[v] {
		if value.Expr == nil || value.How != assign.Set || !c.isStandIn(value.Expr) {
			return false
		}
	}
	return true
}

// findParams marks the parameters of functions that name a column, as the last
// argument of HasMany does: they are called with the stand-in.
func (c *checker) findParams(in *inspector.Inspector) {
	declared := make(map[types.Object]*ast.FuncType)
	for cur := range in.Root().Preorder((*ast.FuncDecl)(nil)) {
		fn := cur.Node().(*ast.FuncDecl)
		declared[c.pass.TypesInfo.Defs[fn.Name]] = fn.Type
	}
	for cur := range in.Root().Preorder((*ast.CallExpr)(nil)) {
		call := cur.Node().(*ast.CallExpr)
		if fn := api.Callee(c.pass.TypesInfo, call); !api.Declares(api.Root, fn) || !takesDefinition(fn) {
			continue
		}
		for _, arg := range call.Args {
			switch arg := ast.Unparen(arg).(type) {
			case *ast.FuncLit:
				c.markParam(arg.Type)
			case *ast.Ident:
				if t := declared[c.pass.TypesInfo.Uses[arg]]; t != nil {
					c.markParam(t)
				}
			}
		}
	}
}

func (c *checker) markParam(fn *ast.FuncType) {
	if fn.Params.NumFields() != 1 || len(fn.Params.List[0].Names) != 1 {
		return
	}
	if v, ok := c.pass.TypesInfo.Defs[fn.Params.List[0].Names[0]].(*types.Var); ok {
		c.params[v] = true
	}
}

func takesDefinition(fn *types.Func) bool {
	for p := range fn.Signature().Params().Variables() {
		if api.RootType(p.Type()) == "Definition" {
			return true
		}
	}
	return false
}
