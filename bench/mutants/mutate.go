package mutants

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
)

// condition makes the mutants of something that is true or false, part by part.
func (m *maker) condition(e ast.Expr, mayHold bool) {
	if m.done[e] {
		return
	}
	m.done[e] = true
	switch x := e.(type) {
	case *ast.ParenExpr:
		m.condition(x.X, mayHold)
		return
	case *ast.UnaryExpr:
		if x.Op == token.NOT {
			m.condition(x.X, mayHold)
			return
		}
	case *ast.BinaryExpr:
		if x.Op == token.LAND || x.Op == token.LOR {
			m.condition(x.X, mayHold)
			m.condition(x.Y, mayHold)
			return
		}
	}
	m.always(e, mayHold)
	if x, ok := e.(*ast.BinaryExpr); ok {
		m.boundary(x)
	}
}

// always makes a part of a condition true, or false, whatever it says.
func (m *maker) always(e ast.Expr, mayHold bool) {
	text, before := m.text(e), ""
	if mayHold && text != "true" {
		if id := m.add(e, text, "true"); id > 0 {
			before = fmt.Sprintf("mutantOn(%d) || ", id)
		}
	}
	if text != "false" {
		if id := m.add(e, text, "false"); id > 0 {
			before += fmt.Sprintf("!mutantOn(%d) && ", id)
		}
	}
	if before != "" {
		m.wrap(e, "("+before+"(", "))")
	}
}

// boundary shifts a comparison by one.
func (m *maker) boundary(x *ast.BinaryExpr) {
	other, ok := map[token.Token]token.Token{token.LSS: token.LEQ, token.LEQ: token.LSS, token.GTR: token.GEQ, token.GEQ: token.GTR}[x.Op]
	left, short1 := m.raw(x.X)
	right, short2 := m.raw(x.Y)
	if !ok || !short1 || !short2 {
		return
	}
	if id := m.add(x, m.text(x), fmt.Sprintf("%s %s %s", m.text(x.X), other, m.text(x.Y))); id > 0 {
		m.wrap(x, fmt.Sprintf("(mutantOn(%d) && (%s %s %s) || !mutantOn(%d) && (", id, left, other, right, id), "))")
	}
}

// binary makes the mutants of what stands anywhere: comparisons, sums.
func (m *maker) binary(x *ast.BinaryExpr) {
	if m.done[x] {
		return
	}
	switch x.Op {
	case token.LAND, token.LOR, token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
		m.condition(x, true)
	case token.ADD, token.SUB, token.MUL, token.QUO:
		m.done[x] = true
		if literal(x) {
			return
		}
		id := m.add(x, m.text(x), m.text(x.X))
		if id == 0 {
			return
		}
		name := map[token.Token]string{token.ADD: "Add", token.SUB: "Sub", token.MUL: "Mul", token.QUO: "Quo"}[x.Op]
		m.wrap(x, fmt.Sprintf("mutant%s(%d, ", name, id), ")")
		m.operator(x)
	}
}

// operator replaces the sign by a comma.
func (m *maker) operator(x *ast.BinaryExpr) {
	at := m.offset(x.OpPos)
	m.edits = append(m.edits, edit{at, false, ", /* "}, edit{at + 1, true, " */ "})
}

// literal tells whether a sum is one of texts or of numbers known before.
func literal(x *ast.BinaryExpr) bool {
	texts, names := false, false
	ast.Inspect(x, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			texts = texts || n.Kind == token.STRING || n.Kind == token.CHAR
		case *ast.Ident:
			names = true
		}
		return true
	})
	return texts || !names
}

// statements leaves each one of a list out, where something remains to be compiled.
func (m *maker) statements(list []ast.Stmt) {
	for _, s := range list {
		switch s := s.(type) {
		case *ast.ExprStmt:
			if call, ok := s.X.(*ast.CallExpr); !ok || !spared(call) {
				m.leaveOut(s)
			}
		case *ast.DeferStmt:
			if !spared(s.Call) {
				m.leaveOut(s)
			}
		case *ast.AssignStmt:
			if s.Tok != token.DEFINE {
				m.leaveOut(s)
			}
		case *ast.IncDecStmt, *ast.SendStmt, *ast.GoStmt:
			m.leaveOut(s)
		case *ast.BranchStmt:
			if s.Tok == token.CONTINUE || s.Tok == token.BREAK {
				m.leaveOut(s)
			}
		case *ast.ReturnStmt:
			m.returns(s)
		}
	}
}

// spared are the calls that are never left out.
func spared(call *ast.CallExpr) bool {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name == "panic"
	case *ast.SelectorExpr:
		return slices.Contains([]string{"Lock", "Unlock", "RLock", "RUnlock"}, f.Sel.Name)
	case *ast.FuncLit:
		return false
	}
	return false
}

func (m *maker) leaveOut(s ast.Stmt) {
	if id := m.add(s, m.text(s), "nothing"); id > 0 {
		m.wrap(s, fmt.Sprintf("if !mutantOn(%d) { ", id), " }")
	}
}

// returns makes the last result nil where it is an error, and each bool one
// always or never true.
func (m *maker) returns(s *ast.ReturnStmt) {
	types := resultTypes(m.results[len(m.results)-1])
	if len(types) != len(s.Results) || len(types) == 0 {
		return
	}
	last := len(types) - 1
	if text, oneLine := m.raw(s.Results[last]); types[last] == "error" && text != "nil" && oneLine {
		before := ""
		for _, e := range s.Results[:last] {
			text, ok := m.raw(e)
			oneLine = oneLine && ok
			before += text + ", "
		}
		if oneLine {
			if id := m.add(s, "return "+m.text(s.Results[last]), "return nil"); id > 0 {
				m.edits = append(m.edits, edit{m.offset(s.Pos()), false, fmt.Sprintf("if mutantOn(%d) { return %snil }; ", id, before)})
			}
		}
	}
	for i, e := range s.Results {
		if types[i] == "bool" {
			m.condition(e, true)
		}
	}
}

// resultTypes are the results of a function, a name for each.
func resultTypes(f *ast.FuncType) []string {
	if f.Results == nil {
		return nil
	}
	var types []string
	for _, field := range f.Results.List {
		name := ""
		if id, ok := field.Type.(*ast.Ident); ok {
			name = id.Name
		}
		for range max(1, len(field.Names)) {
			types = append(types, name)
		}
	}
	return types
}
