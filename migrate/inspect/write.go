package inspect

import (
	"bytes"
	"fmt"
	"go/format"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/retort-go/retort/schema"
)

// writer writes the Go file.
type writer struct {
	d       *declared
	b       strings.Builder
	imports map[string]bool
}

// result writes the file.
func (d *declared) result(pkg string) (*Result, error) {
	d.naming = d.convention()
	w := &writer{d: d, imports: map[string]bool{"github.com/retort-go/retort": true}}
	w.enums()
	for _, c := range d.composites {
		w.composite(c)
	}
	for _, t := range d.tables {
		w.table(t)
	}
	w.base()
	w.notes()
	out := &Result{Notes: d.notes, Tables: len(d.database.Tables)}
	for _, t := range d.tables {
		if t.unmanaged == "" {
			out.Managed++
		}
	}
	var file bytes.Buffer
	fmt.Fprintf(&file, "// Package %s has the models of a database, as inspect found it. It is yours to change.\npackage %s\n\nimport (\n", pkg, pkg)
	var own, others []string
	for _, path := range slices.Sorted(maps.Keys(w.imports)) {
		if strings.Contains(path, ".") {
			others = append(others, path)
		} else {
			own = append(own, path)
		}
	}
	for _, path := range own {
		fmt.Fprintf(&file, "%q\n", path)
	}
	file.WriteString("\n")
	for _, path := range others {
		fmt.Fprintf(&file, "%q\n", path)
	}
	file.WriteString(")\n\n" + w.b.String())
	source, err := format.Source(file.Bytes())
	if err != nil {
		return nil, fmt.Errorf("inspect: what was written is no Go: %w", err)
	}
	out.Source = source
	return out, nil
}

func (w *writer) printf(format string, args ...any) { fmt.Fprintf(&w.b, format, args...) }

// line is text on one line, for comments.
func line(text string) string { return strings.Join(strings.Fields(text), " ") }

// literal is a Go string, as people would write it.
func literal(text string) string {
	if strings.ContainsAny(text, "\n\"\\") && !strings.ContainsAny(text, "`\r\x00") && strconv.CanBackquote(strings.NewReplacer("\n", "", "\t", "").Replace(text)) {
		return "`" + text + "`"
	}
	return strconv.Quote(text)
}

func (w *writer) enums() {
	for _, e := range w.d.enums {
		w.printf("// %s is the enum %s.\ntype %s string\n\n// The values of %s, in sort order.\nconst (\n", e.name, line(e.FullName()), e.name, e.name)
		for i, constant := range e.constants {
			w.printf("%s %s = %s\n", constant, e.name, strconv.Quote(e.Values[i]))
		}
		w.printf(")\n\n")
	}
}

func (w *writer) composite(c *composite) {
	w.printf("// %s is the composite type %s.\ntype %s struct {\n", c.goName, line(c.name), c.goName)
	for i := range c.fields {
		w.field(&c.fields[i])
	}
	w.printf("}\n\n")
}

// taggable are the names that a tag can hold; Define says the others.
var taggable = regexp.MustCompile(`^[\pL\pN_ ]+$`)

func (w *writer) field(f *field) {
	if f.goType.imported != "" {
		w.imports[f.goType.imported] = true
	}
	w.printf("%s %s", f.name, f.text())
	if defaultColumn(f.name) != f.column.Name && taggable.MatchString(f.column.Name) {
		w.printf(" `db:%q`", f.column.Name)
	}
	w.printf("\n")
}

func (w *writer) table(t *table) {
	w.printf("// %s is a row of %s.", t.goName, line(t.schema.FullName()))
	if comment := line(t.catalog.Comment); comment != "" {
		w.printf(" %s", comment)
	}
	if t.unmanaged != "" {
		w.printf("\n//\n// The table is the database's own: %s.", line(t.unmanaged))
	}
	w.printf("\ntype %s struct {\n", t.goName)
	for _, mixin := range t.mixins {
		w.printf("%s\n", mixin)
	}
	for i := range t.fields {
		if f := &t.fields[i]; !f.mixin {
			w.field(f)
		}
	}
	for _, r := range t.relations {
		kind := "One"
		if r.kind == "HasMany" {
			kind = "Many"
		}
		w.printf("%s retort.%s[%s]\n", r.field, kind, r.target.goName)
	}
	w.printf("}\n\n")
	w.define(t)
	w.printf("// %s is the table %s.\nvar %s = retort.NewTable[%s](%s", t.variable, line(t.schema.FullName()), t.variable, t.goName, literal(t.schema.Name))
	if t.schema.Namespace != "" {
		w.printf(", retort.InNamespace(%s)", literal(t.schema.Namespace))
	}
	if t.unmanaged != "" {
		w.printf(", retort.Unmanaged")
	}
	w.printf(")\n\n")
}

func (w *writer) define(t *table) {
	before := w.b.Len()
	w.printf("// Define says what the fields cannot.\nfunc (%s) Define(d *retort.Definition[%s]) {\n", t.goName, t.goName)
	start := w.b.Len()
	if t.schema.Comment != "" {
		w.printf("d.Comment(%s)\n", literal(t.schema.Comment))
	}
	if t.schema.Storage != "" {
		w.printf("d.Storage(%s)\n", literal(t.schema.Storage))
	}
	if t.schema.Unlogged {
		w.printf("d.Unlogged()\n")
	}
	w.key(t)
	for i := range t.fields {
		w.column(&t.fields[i])
	}
	w.rules(t)
	for _, r := range t.relations {
		switch r.kind {
		case "BelongsTo":
			w.printf("retort.BelongsTo(d, &d.C.%s, %s, &d.C.%s)\n", r.field, r.target.variable, r.column.name)
		default:
			if r.column.goType.imported != "" {
				w.imports[r.column.goType.imported] = true
			}
			w.printf("retort.%s(d, &d.C.%s, %s, func(x *%s) *%s { return &x.%s })\n", r.kind, r.field, r.target.variable, r.target.goName, r.column.text(), r.column.name)
		}
	}
	if w.b.Len() == start { // nothing to say
		text := w.b.String()[:before]
		w.b.Reset()
		w.b.WriteString(text)
		return
	}
	w.printf("}\n\n")
}

func (w *writer) key(t *table) {
	key := t.schema.PrimaryKey
	if key == nil {
		return
	}
	if !slices.ContainsFunc(t.mixins, func(m string) bool { return strings.HasSuffix(m, "Key") }) {
		w.printf("d.PrimaryKey(%s)\n", w.refs(t, key.Columns))
	}
	if key.Name != w.d.naming.PrimaryKeyName(t.schema.Name) && t.unmanaged == "" {
		w.printf("d.KeyName(%s)\n", literal(key.Name))
	}
}

// refs are field pointers.
func (w *writer) refs(t *table, columns []string) string {
	out := make([]string, len(columns))
	for i, name := range columns {
		if f, ok := t.field(name); ok {
			out[i] = "&d.C." + f.name
		}
	}
	return strings.Join(out, ", ")
}

func (w *writer) column(f *field) {
	if f.mixin {
		return
	}
	var says strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&says, "."+format, args...) }
	if defaultColumn(f.name) != f.column.Name && !taggable.MatchString(f.column.Name) {
		say("Name(%s)", literal(f.column.Name))
	}
	if f.typed != "" {
		say("Type(%s)", literal(f.typed))
	}
	if f.forced {
		say("NotNull()")
	}
	switch c := &f.column; {
	case c.Identity != "":
		w.imports["github.com/retort-go/retort/schema"] = true
		say("Identity(schema.%s)", map[schema.Identity]string{
			schema.IdentityAlways: "IdentityAlways", schema.IdentityByDefault: "IdentityByDefault", schema.Serial: "Serial",
		}[c.Identity])
		if c.Sequence != (schema.Sequence{}) {
			say("Sequence(%d, %d)", c.Sequence.Start, c.Sequence.Increment)
		}
	case c.Generated != "":
		say("Generated(%s)", literal(c.Generated))
	case f.serverMade:
		say("ServerMade(%s)", literal(c.Default))
	case c.Default != "":
		say("Default(%s)", literal(c.Default))
	}
	if f.column.Collation != "" {
		say("Collation(%s)", literal(f.column.Collation))
	}
	if f.column.Comment != "" {
		say("Comment(%s)", literal(f.column.Comment))
	}
	if says.Len() > 0 {
		w.printf("d.Column(&d.C.%s)%s\n", f.name, says.String())
	}
}

func (w *writer) base() {
	w.printf("// Base lists all of it.\nvar Base = retort.NewBase(\n")
	if n := w.d.naming; n != schema.DefaultNaming() {
		w.printf("retort.Naming{\n")
		for _, p := range []struct{ field, pattern, normal string }{
			{"PrimaryKey", n.PrimaryKey, schema.DefaultNaming().PrimaryKey},
			{"Unique", n.Unique, schema.DefaultNaming().Unique},
			{"Index", n.Index, schema.DefaultNaming().Index},
			{"Check", n.Check, schema.DefaultNaming().Check},
			{"ForeignKey", n.ForeignKey, schema.DefaultNaming().ForeignKey},
			{"Exclusion", n.Exclusion, schema.DefaultNaming().Exclusion},
		} {
			if p.pattern != p.normal {
				w.printf("%s: %q,\n", p.field, p.pattern)
			}
		}
		if n.Cut != schema.CutHash {
			w.printf("Cut: %q,\n", string(n.Cut))
		}
		w.printf("},\n")
	}
	for _, name := range w.d.extensions {
		w.printf("retort.Extension(%s),\n", literal(name))
	}
	for _, e := range w.d.enums {
		w.printf("retort.NewEnum(%s, %s)", literal(e.Name), strings.Join(e.constants, ", "))
		if e.Namespace != "" {
			w.printf(".InNamespace(%s)", literal(e.Namespace))
		}
		w.printf(",\n")
	}
	for _, o := range w.d.domains {
		w.printf("retort.%s(%s, %s).Create(%s),\n", o.maker, literal(o.name), literal(o.of), literal(o.create))
	}
	for _, c := range w.d.composites {
		attributes := "nil"
		if slices.ContainsFunc(c.fields, func(f field) bool { return f.typed != "" }) {
			attributes = "map[string]string{"
			for i := range c.fields {
				if c.fields[i].typed != "" {
					attributes += literal(c.fields[i].column.Name) + ": " + literal(c.fields[i].typed) + ", "
				}
			}
			attributes = strings.TrimSuffix(attributes, ", ") + "}"
		}
		w.printf("retort.NewComposite[%s](%s, %s).Create(%s),\n", c.goName, literal(c.name), attributes, literal(c.create))
	}
	for _, t := range w.d.tables {
		w.printf("%s,\n", t.variable)
	}
	for i := range w.d.code {
		w.code(&w.d.code[i])
	}
	w.printf(")\n")
}

func (w *writer) code(o *codeObject) {
	switch o.Kind {
	case schema.Function:
		w.printf("retort.Function(%s, %s, %s)", literal(o.Name), literal(o.Arguments), literal(o.Create))
		if o.Namespace != "" {
			w.printf(".InNamespace(%s)", literal(o.Namespace))
		}
	case schema.View:
		w.printf("retort.View(%s, %s)", literal(o.Name), literal(o.Create))
		for _, ix := range o.Indexes {
			w.printf(".\nIndex(%s, %s)", literal(ix.Name), literal(ix.Create))
		}
	case schema.SequenceObject:
		w.printf("retort.Sequence(%s, %s)", literal(o.Name), literal(o.Create))
	case schema.Trigger:
		w.printf("retort.Trigger(%s, %s, %s)", literal(o.Name), literal(o.table), literal(o.Create))
	case schema.Policy:
		w.printf("retort.Policy(%s, %s, %s)", literal(o.Name), literal(o.table), literal(o.Create))
	}
	if o.Comment != "" {
		w.printf(".\nComment(%s)", literal(o.Comment))
	}
	w.printf(",\n")
}

// notes ends the file with what it does not say.
func (w *writer) notes() {
	if len(w.d.notes) == 0 {
		return
	}
	w.printf("\n// What the database has and these models do not say:\n")
	for _, n := range w.d.notes {
		w.printf("//   - %s\n", line(n.String()))
	}
}
