package session

import (
	_ "embed"
	"go/ast"
	"go/token"
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

// Analyzer reports sessions that a goroutine takes from outside.
var Analyzer = &analysis.Analyzer{
	Name:     "session",
	Doc:      doc,
	URL:      "https://pkg.go.dev/github.com/retort-go/retort/cmd/retortvet/session",
	Requires: []*analysis.Analyzer{inspect.Analyzer},
	Run:      run,
}

// checker looks at one package.
type checker struct {
	*ignore.Reporter
	info     *types.Info
	values   assign.Values
	uses     map[*types.Var][]inspector.Cursor // of variables that are sessions
	reported map[token.Pos]bool
}

func run(pass *analysis.Pass) (any, error) {
	in := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector)
	c := &checker{
		Reporter: ignore.New(pass), info: pass.TypesInfo,
		values: assign.Of(pass.TypesInfo, in),
		uses:   make(map[*types.Var][]inspector.Cursor), reported: make(map[token.Pos]bool),
	}
	for cur := range in.Root().Preorder((*ast.Ident)(nil)) {
		if v, ok := pass.TypesInfo.Uses[cur.Node().(*ast.Ident)].(*types.Var); ok && !v.IsField() && api.IsSession(v.Type()) {
			c.uses[v] = append(c.uses[v], cur)
		}
	}
	for cur := range in.Root().Children() {
		file := cur.Node().(*ast.File)
		test := api.IsTest(pass.Fset.Position(file.Pos()).Filename)
		for decl := range cur.Children() {
			if !test || !c.expectsSecond(decl) {
				c.look(decl)
			}
		}
	}
	return nil, nil
}

// expectsSecond reports whether a declaration names ErrConcurrentUse.
func (c *checker) expectsSecond(decl inspector.Cursor) bool {
	for cur := range decl.Preorder((*ast.Ident)(nil)) {
		if name := cur.Node().(*ast.Ident); name.Name == "ErrConcurrentUse" && api.In(c.info.Uses[name], api.Root) {
			return true
		}
	}
	return false
}

// look finds the places where a session may leave its goroutine or its owner.
func (c *checker) look(decl inspector.Cursor) {
	for cur := range decl.Preorder((*ast.GoStmt)(nil), (*ast.CallExpr)(nil), (*ast.SendStmt)(nil), (*ast.AssignStmt)(nil), (*ast.ValueSpec)(nil)) {
		switch n := cur.Node().(type) {
		case *ast.GoStmt:
			if !c.waited(cur, n) {
				c.started(cur, n.Call)
			}
		case *ast.CallExpr:
			if c.starts(n) {
				for i := range n.Args {
					c.taken(cur.ChildAt(argument, i), cur)
				}
			}
		case *ast.SendStmt:
			c.sent(cur)
		case *ast.AssignStmt:
			c.assigned(cur, n)
		case *ast.ValueSpec:
			c.declared(n)
		}
	}
}
