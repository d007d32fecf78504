package mutants

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
)

// Mutant is one small change of a source.
type Mutant struct {
	ID   int
	File string // by its path from the root
	Line int
	Key  string // "pool/gate.go gate.begin: n < limit → n <= limit": lines may move, it stays
}

// instrumented is a source with all its mutants, each behind a switch.
type instrumented struct {
	text    []byte
	mutants []Mutant
}

// edit inserts text at a place of the source.
type edit struct {
	at   int
	ends bool // it ends something: before what begins here
	text string
}

// maker finds the mutants of one file.
type maker struct {
	name  string // of the file, from the root
	src   []byte
	fset  *token.FileSet
	skip  func(line int) bool // mutants of these lines do not compile
	next  *int                // the next mutant's ID
	keys  map[string]int
	edits []edit
	found []Mutant
	done  map[ast.Node]bool

	function string          // that is looked at
	results  []*ast.FuncType // of the functions around, the innermost last
}

// instrument finds the mutants of a source and numbers them from *next on.
func instrument(name string, src []byte, next *int, skip func(line int) bool) (*instrumented, error) {
	m := &maker{name: name, src: src, fset: token.NewFileSet(), skip: skip, next: next, keys: map[string]int{}, done: map[ast.Node]bool{}}
	file, err := parser.ParseFile(m.fset, name, src, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Body != nil {
			m.function = functionName(f)
			m.walk(f.Type, f.Body)
		}
	}
	return &instrumented{m.written(), m.found}, nil
}

// functionName is "gate.begin", or "Run".
func functionName(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return f.Name.Name
	}
	typ := f.Recv.List[0].Type
	for {
		switch t := typ.(type) {
		case *ast.StarExpr:
			typ = t.X
		case *ast.IndexExpr:
			typ = t.X
		case *ast.IndexListExpr:
			typ = t.X
		case *ast.Ident:
			return t.Name + "." + f.Name.Name
		default:
			return f.Name.Name
		}
	}
}

// walk looks at a function's body, outer things before inner ones.
func (m *maker) walk(typ *ast.FuncType, body *ast.BlockStmt) {
	m.results = append(m.results, typ)
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			m.walk(n.Type, n.Body)
			return false
		case *ast.GenDecl:
			return n.Tok != token.CONST
		case *ast.ArrayType:
			return n.Len == nil
		case *ast.BlockStmt:
			m.statements(n.List)
		case *ast.CaseClause:
			m.statements(n.Body)
		case *ast.CommClause:
			m.statements(n.Body)
		case *ast.IfStmt:
			m.condition(n.Cond, true)
		case *ast.ForStmt:
			if n.Cond != nil {
				m.condition(n.Cond, false) // always true would never end
			}
		case *ast.SwitchStmt:
			for _, clause := range n.Body.List {
				for _, e := range clause.(*ast.CaseClause).List {
					if n.Tag == nil {
						m.condition(e, true)
					}
				}
			}
		case *ast.BinaryExpr:
			m.binary(n)
		}
		return true
	})
	m.results = m.results[:len(m.results)-1]
}

// text is the source of a node, on one line.
func (m *maker) text(n ast.Node) string {
	text := string(m.src[m.offset(n.Pos()):m.offset(n.End())])
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "`", "'")
}

// raw is the source of a node as it is, and whether it is on one line.
func (m *maker) raw(n ast.Node) (string, bool) {
	text := string(m.src[m.offset(n.Pos()):m.offset(n.End())])
	return text, !strings.Contains(text, "\n")
}

func (m *maker) offset(p token.Pos) int { return m.fset.Position(p).Offset }

// add makes a mutant, unless its line does not compile; 0 is none.
func (m *maker) add(n ast.Node, from, to string) int {
	line := m.fset.Position(n.Pos()).Line
	if m.skip(line) {
		return 0
	}
	key := fmt.Sprintf("%s %s: %s → %s", m.name, m.function, short(from), to)
	m.keys[key]++
	if n := m.keys[key]; n > 1 {
		key += fmt.Sprintf(" (%d)", n)
	}
	*m.next++
	m.found = append(m.found, Mutant{*m.next, m.name, line, key})
	return *m.next
}

// short keeps a key readable.
func short(text string) string {
	if runes := []rune(text); len(runes) > 70 {
		return string(runes[:69]) + "…"
	}
	return text
}

func (m *maker) wrap(n ast.Node, before, behind string) {
	m.edits = append(m.edits, edit{m.offset(n.Pos()), false, before}, edit{m.offset(n.End()), true, behind})
}

// written is the source with its edits. What ends is written before what begins,
// the inner end first.
func (m *maker) written() []byte {
	ends := slices.DeleteFunc(slices.Clone(m.edits), func(e edit) bool { return !e.ends })
	slices.Reverse(ends)
	all := append(ends, slices.DeleteFunc(m.edits, func(e edit) bool { return e.ends })...)
	slices.SortStableFunc(all, func(a, b edit) int { return a.at - b.at })
	var out []byte
	at := 0
	for _, e := range all {
		out = append(append(out, m.src[at:e.at]...), e.text...)
		at = e.at
	}
	return append(out, m.src[at:]...)
}
