package manifest

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// Format is the version of the file's form; a newer one is refused.
const Format = 1

// Manifest is what one build sends.
//
//   - Shape: statements are ordered by label and text, none twice; tables and enums
//     by name.
type Manifest struct {
	Format     int         `json:"format"`
	Statements []Statement `json:"statements"`
	Tables     []Table     `json:"tables,omitempty"`
	Enums      []Enum      `json:"enums,omitempty"`
}

// Statement is one text that the server was given.
//
//   - Shape: Label is the origin that its comment names (query.all, raw). From lists
//     where in the program it came from: a file behind its folder, a route. Params
//     are the types that are sent with it, "" where the server is left to find out.
//     Uses lists columns as schema.table.column.
type Statement struct {
	Label   string   `json:"label,omitempty"`
	From    []string `json:"from,omitempty"`
	SQL     string   `json:"sql"`
	Params  []string `json:"params,omitempty"`
	Columns []Column `json:"columns,omitempty"`
	Uses    []string `json:"uses,omitempty"`
	Writes  []Write  `json:"writes,omitempty"`
}

// Column is one column of a result.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// Write is a table that a statement changes.
//
//   - Shape: Operation is INSERT, UPDATE, DELETE or MERGE. Empty lists the columns
//     that an INSERT gives nothing.
type Write struct {
	Operation string   `json:"operation"`
	Table     string   `json:"table"`
	Empty     []string `json:"empty,omitempty"`
}

// Table is what the rows of a table had to be.
type Table struct {
	Name    string            `json:"name"`
	Columns []TableColumn     `json:"columns"`
	Rules   map[string]string `json:"rules,omitempty"`
}

// TableColumn is one column of a [Table]; Filled says that it gets a value where
// an INSERT gives none.
type TableColumn struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	NotNull bool   `json:"not_null,omitempty"`
	Filled  bool   `json:"filled,omitempty"`
}

// Enum is an enum that parameters or results have.
type Enum struct {
	Name   string   `json:"name"`
	Labels []string `json:"labels"`
}

// Write writes m as JSON, the same bytes for the same statements.
func (m *Manifest) Write(w io.Writer) error {
	sorted := Merge(m)
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	return out.Encode(sorted)
}

// Read reads what [Manifest.Write] wrote.
//
//   - Errors: text that is no manifest; one that a newer version wrote.
func Read(r io.Reader) (*Manifest, error) {
	in := json.NewDecoder(r)
	m := &Manifest{}
	if err := in.Decode(m); err != nil {
		return nil, fmt.Errorf("manifest: this is no manifest, or half of one: %w", err)
	}
	if m.Format != Format {
		return nil, fmt.Errorf("manifest: its format is %d, this program reads %d; write it again, or update the program", m.Format, Format)
	}
	return m, nil
}

// ReadDir merges the parts that the test kit left in a folder.
//
//   - Errors: a part that cannot be read, by its name; no part at all.
func ReadDir(dir string) (*Manifest, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.manifest.json"))
	if err != nil || len(files) == 0 {
		if whole, err := filepath.Abs(dir); err == nil {
			dir = whole // as tests run in the folder of their package
		}
		return nil, errors.Join(err, fmt.Errorf("manifest: no parts in %s; run the tests with RETORT_MANIFEST=%s first", dir, dir))
	}
	var parts []*Manifest
	for _, name := range files {
		m, err := readFile(name)
		if err != nil {
			return nil, fmt.Errorf("%w (%s)", err, filepath.Base(name))
		}
		parts = append(parts, m)
	}
	return Merge(parts...), nil
}

func readFile(name string) (*Manifest, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return Read(f)
}

// Merge joins manifests into one. Of what two say differently of one statement or
// table, the first in order of their text is kept; where it came from is kept of all.
func Merge(parts ...*Manifest) *Manifest {
	out := &Manifest{Format: Format, Statements: []Statement{}}
	from := map[string]map[string]bool{}
	best := func(a, b any) bool { // whether a goes before b; both are our own values
		x, _ := json.Marshal(a)
		y, _ := json.Marshal(b)
		return string(x) < string(y)
	}
	statements, tables, enums := map[string]Statement{}, map[string]Table{}, map[string]Enum{}
	for _, part := range parts {
		for _, s := range part.Statements {
			if from[s.SQL] == nil {
				from[s.SQL] = map[string]bool{}
			}
			for _, f := range s.From {
				from[s.SQL][f] = true
			}
			s.From = nil
			if old, twice := statements[s.SQL]; !twice || best(s, old) {
				statements[s.SQL] = s
			}
		}
		for _, t := range part.Tables {
			if old, twice := tables[t.Name]; !twice || best(t, old) {
				tables[t.Name] = t
			}
		}
		for _, e := range part.Enums {
			if old, twice := enums[e.Name]; !twice || best(e, old) {
				enums[e.Name] = e
			}
		}
	}
	for sql, s := range statements {
		s.From = slices.Sorted(maps.Keys(from[sql]))
		out.Statements = append(out.Statements, s)
	}
	slices.SortFunc(out.Statements, func(a, b Statement) int { return cmp.Or(cmp.Compare(a.Label, b.Label), cmp.Compare(a.SQL, b.SQL)) })
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		out.Tables = append(out.Tables, tables[name])
	}
	for _, name := range slices.Sorted(maps.Keys(enums)) {
		out.Enums = append(out.Enums, enums[name])
	}
	return out
}
