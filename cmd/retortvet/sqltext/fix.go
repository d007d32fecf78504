package sqltext

import (
	"go/ast"
	"go/token"
	"go/types"
	"strconv"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/retort-go/retort/cmd/retortvet/internal/api"
)

// piece is a constant part of a text, or a value in it.
type piece struct {
	text  string
	value ast.Expr // nil for a constant part
}

// fix writes a text with values in it as one with parameters. It offers nothing
// unless all values stand where only a value can: behind an operator, or alone in
// quotes.
func (j *judge) fix(arg ast.Expr) []analysis.SuggestedFix {
	pieces, ok := j.pieces(arg)
	if !ok {
		return nil
	}
	var text, values strings.Builder
	n, quoted := 0, false
	for i, p := range pieces {
		if p.value == nil {
			part := p.text
			if quoted {
				part = strings.TrimPrefix(part, "'")
			}
			quoted = i+1 < len(pieces) && strings.HasSuffix(part, "'")
			if quoted && (i+2 >= len(pieces) || !strings.HasPrefix(pieces[i+2].text, "'")) {
				return nil
			}
			if quoted {
				part = strings.TrimSuffix(part, "'")
			}
			text.WriteString(part)
			continue
		}
		if !endsInOperator(text.String()) {
			return nil
		}
		n++
		text.WriteString("$" + strconv.Itoa(n))
		values.WriteString(", " + types.ExprString(p.value))
	}
	if n == 0 || quoted {
		return nil
	}
	literal := strconv.Quote(text.String())
	if strings.ContainsAny(text.String(), "\n\t\"") && strconv.CanBackquote(strings.ReplaceAll(text.String(), "\n", "")) {
		literal = "`" + text.String() + "`"
	}
	return []analysis.SuggestedFix{{
		Message:   "Pass the values as parameters",
		TextEdits: []analysis.TextEdit{{Pos: arg.Pos(), End: arg.End(), NewText: []byte(literal + values.String())}},
	}}
}

// endsInOperator reports whether what follows a text is a value: a parameter's
// type is known there, and no identifier fits.
func endsInOperator(text string) bool {
	text = strings.ToUpper(strings.TrimRight(text, " \t\n"))
	for _, end := range []string{"=", "<", ">", " LIKE", " ILIKE"} {
		if strings.HasSuffix(text, end) {
			return true
		}
	}
	return false
}

// pieces takes a sum or a fmt.Sprintf apart; constants next to each other become
// one piece, and between two values there is a piece, however short.
func (j *judge) pieces(arg ast.Expr) ([]piece, bool) {
	var all []piece
	text := func(s string) {
		if len(all) > 0 && all[len(all)-1].value == nil {
			all[len(all)-1].text += s
			return
		}
		all = append(all, piece{text: s})
	}
	value := func(e ast.Expr) {
		text("")
		all = append(all, piece{value: e})
	}
	switch e := ast.Unparen(arg).(type) {
	case *ast.BinaryExpr:
		if e.Op != token.ADD {
			return nil, false
		}
		for _, operand := range flatten(e) {
			if s, ok := j.constant(operand); ok {
				text(s)
			} else {
				value(operand)
			}
		}
		return all, true
	case *ast.CallExpr:
		fn := api.Callee(j.info, e)
		if fn == nil || fn.FullName() != "fmt.Sprintf" || e.Ellipsis.IsValid() {
			return nil, false
		}
		format, ok := j.constant(e.Args[0])
		found := verbs(format)
		if !ok || len(found) != len(e.Args)-1 || strings.Contains(format, "%%") {
			return nil, false
		}
		at := 0
		for i, v := range found {
			if v.text != "%s" && v.text != "%d" && v.text != "%v" {
				return nil, false
			}
			text(format[at:v.at])
			value(e.Args[i+1])
			at = v.at + len(v.text)
		}
		text(format[at:])
		return all, true
	}
	return nil, false
}
