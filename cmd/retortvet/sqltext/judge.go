package sqltext

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/inspector"

	"github.com/retort-go/retort/cmd/retortvet/internal/api"
	"github.com/retort-go/retort/cmd/retortvet/internal/assign"
)

// kind says where a text comes from.
type kind int

const (
	fixed   kind = iota // constants only, in whatever way
	unknown             // a parameter, a field: somebody else's business
	built               // put together here, with something in it that is not fixed
)

// verdict is what a judge says of an expression.
type verdict struct {
	kind kind
	how  string // what put it together, if built
}

// judge tells fixed texts from built ones.
type judge struct {
	info     *types.Info
	values   assign.Values
	builders map[*types.Var][]inspector.Cursor // uses of strings.Builder and bytes.Buffer
	returns  map[*types.Func][]ast.Expr        // of functions of this package with one result
	busy     map[types.Object]bool             // being judged; what leads back here adds nothing
}

func newJudge(info *types.Info, values assign.Values, in *inspector.Inspector) *judge {
	j := &judge{
		info: info, values: values,
		builders: make(map[*types.Var][]inspector.Cursor),
		returns:  make(map[*types.Func][]ast.Expr),
		busy:     make(map[types.Object]bool),
	}
	for cur := range in.Root().Preorder((*ast.Ident)(nil), (*ast.FuncDecl)(nil)) {
		switch n := cur.Node().(type) {
		case *ast.Ident:
			if v, ok := info.Uses[n].(*types.Var); ok && isBuilder(v.Type()) {
				j.builders[v] = append(j.builders[v], cur)
			}
		case *ast.FuncDecl:
			if fn, ok := info.Defs[n.Name].(*types.Func); ok && n.Body != nil && fn.Signature().Results().Len() == 1 {
				j.returns[fn] = results(n.Body)
			}
		}
	}
	return j
}

// results gives what a function returns; nil for a bare return.
func results(body *ast.BlockStmt) []ast.Expr {
	var all []ast.Expr
	ast.Inspect(body, func(n ast.Node) bool {
		if r, ok := n.(*ast.ReturnStmt); ok {
			if len(r.Results) == 1 {
				all = append(all, r.Results[0])
			} else {
				all = append(all, nil)
			}
		}
		_, inner := n.(*ast.FuncLit)
		return !inner
	})
	return all
}

// judge looks at a text.
func (j *judge) judge(expr ast.Expr) verdict {
	expr = ast.Unparen(expr)
	if expr == nil {
		return verdict{kind: unknown}
	}
	if j.info.Types[expr].Value != nil {
		return verdict{kind: fixed}
	}
	switch e := expr.(type) {
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			return j.sum(e)
		}
	case *ast.CallExpr:
		return j.call(e)
	case *ast.Ident:
		if v, ok := j.info.Uses[e].(*types.Var); ok {
			return j.variable(v)
		}
	case *ast.IndexExpr:
		if j.fixedElements(e.X) {
			return verdict{kind: fixed}
		}
	}
	return verdict{kind: unknown}
}

// sum judges a + b + c. A number behind a "$" is a placeholder.
func (j *judge) sum(e *ast.BinaryExpr) verdict {
	operands := flatten(e)
	for i, operand := range operands {
		if i > 0 && j.endsInDollar(operands[i-1]) && j.isNumber(operand) {
			continue
		}
		if j.judge(operand).kind != fixed {
			return verdict{built, "+"}
		}
	}
	return verdict{kind: fixed}
}

func flatten(expr ast.Expr) []ast.Expr {
	if e, ok := ast.Unparen(expr).(*ast.BinaryExpr); ok && e.Op == token.ADD {
		return append(flatten(e.X), flatten(e.Y)...)
	}
	return []ast.Expr{expr}
}

// variable judges all that a variable is ever set to.
func (j *judge) variable(v *types.Var) verdict {
	values := j.values[v]
	if len(values) == 0 {
		return verdict{kind: unknown}
	}
	if j.busy[v] {
		return verdict{kind: fixed}
	}
	j.busy[v] = true
	defer delete(j.busy, v)
	worst := verdict{kind: fixed}
	for _, value := range values {
		found := verdict{kind: unknown}
		switch value.How {
		case assign.Set:
			found = j.judge(value.Expr)
		case assign.Added:
			if found = j.judge(value.Expr); found.kind != fixed {
				return verdict{built, "+="}
			}
		case assign.Each:
			if j.fixedElements(value.Expr) {
				found = verdict{kind: fixed}
			}
		case assign.Key:
			if j.fixedKeys(value.Expr) {
				found = verdict{kind: fixed}
			}
		}
		if found.kind > worst.kind {
			worst = found
		}
	}
	return worst
}

// function judges a call of a function of the same package.
func (j *judge) function(fn *types.Func) verdict {
	if j.busy[fn] || len(j.returns[fn]) == 0 {
		return verdict{kind: unknown}
	}
	j.busy[fn] = true
	defer delete(j.busy, fn)
	worst := verdict{kind: fixed}
	for _, result := range j.returns[fn] {
		if found := j.judge(result); found.kind > worst.kind {
			worst = found
		}
	}
	if worst.kind == built {
		worst.how += " in " + api.Name(fn)
	}
	return worst
}
