package readmetest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// vocabulary is what the library's packages export: the names of each package, and
// the fields and methods of each type.
type vocabulary struct{ names, members map[string]map[string]bool }

// notOurs are texts that look like a name of ours: methods of a variable, and a line
// of SQLAlchemy's.
var notOurs = []string{"pool.Acquire", "pool.Begin", "Status.DRAFT"}

// Documents for readers of today name what is exported. The changelog and decisions
// tell of what was.
func TestDocuments_name_what_is_exported(t *testing.T) {
	t.Parallel()
	v := vocabularyOf(t)
	if len(v.names["retort"]) < 200 || !v.members["Config"]["PoolSize"] || !v.members["Session"]["Flush"] {
		t.Fatalf("%d names: the search is broken", len(v.names["retort"]))
	}
	for _, name := range documents(t) {
		if name == "CHANGELOG.md" || strings.Contains(filepath.ToSlash(name), "docs/adr/") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, problem := range v.unheard(string(text)) {
			t.Errorf("%s:%s", name, problem)
		}
	}
	control := "`retort.Gone(x)`, `Config.Gone` and `web.ServerConfig.Gone`; `retort.Open`, `Session.Flush`, `pool.Acquire`, Books.C, time.Now\n"
	if got := v.unheard(control); len(got) != 3 {
		t.Errorf("the control: %q", got)
	}
}

var namePattern = regexp.MustCompile(`\b([A-Za-z]\w*)\.([A-Z]\w*)(?:\.([A-Z]\w*))?`)

// unheard lists names that nothing exports, with their lines.
func (v *vocabulary) unheard(document string) (problems []string) {
	line := 0
	for text := range strings.SplitSeq(document, "\n") {
		line++
		for _, m := range namePattern.FindAllStringSubmatch(text, -1) {
			owner, name, member := m[1], m[2], m[3]
			names, isPackage := v.names[owner]
			members, isType := v.members[owner]
			isType = isType && ast.IsExported(owner)
			unknown := isPackage && (!names[name] || member != "" && v.members[name] != nil && !v.members[name][member]) ||
				isType && !members[name]
			if unknown && !slices.Contains(notOurs, m[0]) {
				problems = append(problems, fmt.Sprintf("%d: nothing exports %s", line, m[0]))
			}
		}
	}
	return problems
}

// vocabularyOf reads the packages that users import.
func vocabularyOf(t *testing.T) *vocabulary {
	t.Helper()
	v := &vocabulary{names: map[string]map[string]bool{}, members: map[string]map[string]bool{}}
	skipped := []string{"internal", "services", "bench", "beside", "tools", "cmd", "testdata"}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		hidden := strings.HasPrefix(entry.Name(), ".") && path != root
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (hidden || slices.Contains(skipped, entry.Name())):
			return fs.SkipDir
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		v.read(file)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (v *vocabulary) read(file *ast.File) {
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				note(v.names, file.Name.Name, d.Name)
			} else {
				note(v.members, typeName(d.Recv.List[0].Type), d.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.ValueSpec:
					note(v.names, file.Name.Name, s.Names...)
				case *ast.TypeSpec:
					note(v.names, file.Name.Name, s.Name)
					v.declare(s)
				}
			}
		}
	}
}

// declare notes the fields of a struct, the embedded ones by their type, and the
// methods of an interface.
func (v *vocabulary) declare(s *ast.TypeSpec) {
	var fields *ast.FieldList
	switch t := s.Type.(type) {
	case *ast.StructType:
		fields = t.Fields
	case *ast.InterfaceType:
		fields = t.Methods
	default:
		return
	}
	for _, f := range fields.List {
		note(v.members, s.Name.Name, f.Names...)
		if len(f.Names) == 0 {
			note(v.members, s.Name.Name, ast.NewIdent(typeName(f.Type)))
		}
	}
}

// note keeps names of a package or a type.
func note(to map[string]map[string]bool, owner string, names ...*ast.Ident) {
	if to[owner] == nil {
		to[owner] = map[string]bool{}
	}
	for _, n := range names {
		to[owner][n.Name] = true
	}
}
