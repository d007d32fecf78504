package sqltext

import (
	_ "embed"
	"fmt"
	"go/ast"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/retort-go/retort/cmd/retortvet/internal/api"
	"github.com/retort-go/retort/cmd/retortvet/internal/assign"
	"github.com/retort-go/retort/cmd/retortvet/internal/ignore"
)

//go:embed doc.md
var doc string

// Analyzer reports raw SQL whose text has values in it.
var Analyzer = &analysis.Analyzer{
	Name:     "sqltext",
	Doc:      doc,
	URL:      "https://pkg.go.dev/github.com/retort-go/retort/cmd/retortvet/sqltext",
	Requires: []*analysis.Analyzer{inspect.Analyzer},
	Run:      run,
}

func run(pass *analysis.Pass) (any, error) {
	in := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector)
	report := ignore.New(pass)
	j := newJudge(pass.TypesInfo, assign.Of(pass.TypesInfo, in), in)
	for cur := range in.Root().Preorder((*ast.CallExpr)(nil)) {
		call := cur.Node().(*ast.CallExpr)
		if api.IsTest(pass.Fset.Position(call.Pos()).Filename) {
			continue
		}
		fn := api.Callee(pass.TypesInfo, call)
		i, ok := sqlArgument(fn)
		if !ok || i >= len(call.Args) || call.Ellipsis.IsValid() && i == len(call.Args)-1 {
			continue
		}
		v := j.judge(call.Args[i])
		if v.kind != built {
			continue
		}
		d := analysis.Diagnostic{
			Pos: call.Args[i].Pos(), End: call.Args[i].End(),
			Message: fmt.Sprintf("the SQL of %s is put together with %s: a value in the text can be SQL of its own, and each text is a new statement: "+
				"write the parameters $1, $2 … in a constant text and give the values behind it; quote identifiers with pgx.Identifier{name}.Sanitize()", api.Name(fn), v.how),
		}
		if i == len(call.Args)-1 && takesValues(fn, i) {
			d.SuggestedFixes = j.fix(call.Args[i])
		}
		report.Report(d)
	}
	return nil, nil
}

// sqlArgument finds the argument of a call into Retort that is SQL to run. Parts
// of a definition are not: they are declarations, and take no parameters.
func sqlArgument(fn *types.Func) (int, bool) {
	if !api.Declares(api.Root, fn) {
		return 0, false
	}
	if recv := api.Receiver(fn); strings.HasSuffix(recv, "Def") || strings.HasSuffix(recv, "Definition") {
		return 0, false
	}
	i := slices.IndexFunc(slices.Collect(fn.Signature().Params().Variables()), func(p *types.Var) bool {
		basic, ok := p.Type().(*types.Basic)
		return ok && basic.Kind() == types.String && slices.Contains([]string{"sql", "query", "fragment"}, p.Name())
	})
	return i, i >= 0
}

// takesValues reports whether the SQL, argument i, is followed by its parameters.
func takesValues(fn *types.Func, i int) bool {
	return fn.Signature().Variadic() && i == fn.Signature().Params().Len()-2
}
