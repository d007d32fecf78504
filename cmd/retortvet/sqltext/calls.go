package sqltext

import (
	"go/ast"
	"go/constant"
	"go/types"
	"strings"

	"github.com/retort-go/retort/cmd/retortvet/internal/api"
)

// call judges the result of a call.
func (j *judge) call(call *ast.CallExpr) verdict {
	fn := api.Callee(j.info, call)
	if fn == nil {
		return verdict{kind: unknown}
	}
	switch name := fn.FullName(); name {
	case "fmt.Sprintf":
		return j.composed("fmt.Sprintf", j.fixedFormat(call))
	case "fmt.Sprint", "fmt.Sprintln":
		return j.composed(name, j.allFixed(call.Args))
	case "strings.Join":
		return j.composed(name, len(call.Args) == 2 && j.fixedElements(call.Args[0]) && j.allFixed(call.Args[1:]))
	case "strings.Replace", "strings.ReplaceAll":
		return j.composed(name, len(call.Args) >= 3 && j.allFixed(call.Args[:3]))
	case "(*strings.Builder).String", "(*bytes.Buffer).String":
		return j.composed(api.Name(fn)[:len(api.Name(fn))-len(".String")]+".String()", j.fixedBuilder(call))
	case "(*strings.Replacer).Replace":
		return verdict{built, "strings.Replacer"}
	case "strings.Repeat", "strings.TrimSpace", "strings.Trim", "strings.TrimLeft", "strings.TrimRight",
		"strings.TrimPrefix", "strings.TrimSuffix", "strings.ToUpper", "strings.ToLower":
		return j.judge(call.Args[0])
	}
	if fn.Name() == "Sanitize" || fn.Name() == "QuoteIdentifier" {
		return verdict{kind: fixed} // as good as: it cannot leave its quotes
	}
	return j.function(fn)
}

func (j *judge) composed(how string, isFixed bool) verdict {
	if isFixed {
		return verdict{kind: fixed}
	}
	return verdict{built, how}
}

func (j *judge) allFixed(exprs []ast.Expr) bool {
	for _, e := range exprs {
		if j.judge(e).kind != fixed {
			return false
		}
	}
	return true
}

// fixedFormat reports whether only fixed texts and the numbers of placeholders go
// into a format, which the call's first string is.
func (j *judge) fixedFormat(call *ast.CallExpr) bool {
	args := call.Args
	for len(args) > 0 && !isString(j.info.TypeOf(args[0])) {
		args = args[1:] // the writer of Fprintf
	}
	if len(args) == 0 || j.judge(args[0]).kind != fixed || call.Ellipsis.IsValid() {
		return false
	}
	numbers := make(map[int]bool)
	if format, ok := j.constant(args[0]); ok {
		for i, verb := range verbs(format) {
			numbers[i] = verb.text == "%d" && strings.HasSuffix(format[:verb.at], "$")
		}
	}
	for i, arg := range args[1:] {
		if numbers[i] && isInteger(j.info.TypeOf(arg)) {
			continue
		}
		if j.judge(arg).kind != fixed {
			return false
		}
	}
	return true
}

// verb is a verb of a format, as it is written.
type verb struct {
	at   int
	text string
}

// verbs lists the verbs of a format that take an argument, in their order.
func verbs(format string) []verb {
	var all []verb
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			continue
		}
		start := i
		for i++; i < len(format) && strings.IndexByte("+-# 0123456789.[]*", format[i]) >= 0; i++ {
		}
		if i < len(format) && format[i] != '%' {
			all = append(all, verb{start, format[start : i+1]})
		}
	}
	return all
}

// isNumber reports whether an expression is the text of a number.
func (j *judge) isNumber(expr ast.Expr) bool {
	call, ok := ast.Unparen(expr).(*ast.CallExpr)
	if !ok {
		return false
	}
	fn := api.Callee(j.info, call)
	if fn == nil || fn.Pkg() == nil {
		return false
	}
	switch fn.FullName() {
	case "strconv.Itoa", "strconv.FormatInt", "strconv.FormatUint":
		return true
	case "fmt.Sprint":
		return len(call.Args) == 1 && isInteger(j.info.TypeOf(call.Args[0]))
	}
	return false
}

func (j *judge) endsInDollar(expr ast.Expr) bool {
	text, ok := j.constant(expr)
	return ok && strings.HasSuffix(text, "$")
}

func (j *judge) constant(expr ast.Expr) (string, bool) {
	v := j.info.Types[expr].Value
	if v == nil || v.Kind() != constant.String {
		return "", false
	}
	return constant.StringVal(v), true
}

func isInteger(t types.Type) bool { return isBasic(t, types.IsInteger) }

func isString(t types.Type) bool { return isBasic(t, types.IsString) }

func isBasic(t types.Type, info types.BasicInfo) bool {
	if t == nil {
		return false
	}
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&info != 0
}
