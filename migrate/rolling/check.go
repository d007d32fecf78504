package rolling

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/internal/statement"
	"github.com/retort-go/retort/migrate/manifest"
)

// Check tries what a release sends, its manifest, on the database of eng, which has
// the schema of the next release.
//
// A statement breaks when the server cannot prepare it, when its result has other
// columns or types, when an INSERT leaves a column NULL that must not be, or when a
// label is gone from an enum that it sends or reads. It may break where a table that
// it writes has a new rule, a new NOT NULL or a type that holds less, and where a
// column that it reads may be NULL now.
//
//   - Shape: one transaction, rolled back; nothing is run. It needs the right to make
//     temporary objects, and to do what the statements do. A statement waits for a
//     lock for five seconds at most.
//   - Errors: what is no statement's fault. What the server says of a statement is a
//     [Finding].
func Check(ctx context.Context, eng *retort.Engine, m *manifest.Manifest) (*Report, error) {
	s := eng.Session()
	defer func() { _ = s.Close(context.WithoutCancel(ctx)) }()
	tx, err := s.Pgx(ctx)
	if err != nil {
		return nil, fmt.Errorf("rolling: %w", err)
	}
	if _, err := tx.Exec(ctx, "SET LOCAL lock_timeout = '5s'"); err != nil {
		return nil, fmt.Errorf("rolling: %w", err)
	}
	c := &checking{conn: tx.Conn(), report: &Report{Statements: len(m.Statements)}}
	if err := c.learn(ctx, m); err != nil {
		return nil, fmt.Errorf("rolling: %w", err)
	}
	for i := range m.Statements {
		if err := c.statement(ctx, &m.Statements[i]); err != nil {
			return nil, fmt.Errorf("rolling: %w", err)
		}
	}
	slices.SortStableFunc(c.report.Findings, func(a, b Finding) int { return cmp.Compare(rank(a.Level), rank(b.Level)) })
	return c.report, nil
}

func rank(l Level) int {
	if l == Breaks {
		return 0
	}
	return 1
}

// checking is one run of [Check].
type checking struct {
	conn   *statement.Conn
	report *Report
	before map[string]manifest.Table
	after  map[string]statement.Table
	lost   map[string][]string // labels that are gone, by enum
}

func (c *checking) find(level Level, s *manifest.Statement, format string, args ...any) {
	c.report.Findings = append(c.report.Findings, Finding{level, *s, fmt.Sprintf(format, args...)})
}

// learn reads what the statements' tables and enums are today.
func (c *checking) learn(ctx context.Context, m *manifest.Manifest) error {
	c.before, c.after, c.lost = map[string]manifest.Table{}, map[string]statement.Table{}, map[string][]string{}
	var names [][2]string
	for _, t := range m.Tables {
		namespace, name, _ := strings.Cut(t.Name, ".")
		c.before[t.Name] = t
		names = append(names, [2]string{namespace, name})
	}
	tables, err := statement.Tables(ctx, c.conn, names)
	if err != nil {
		return err
	}
	for _, t := range tables {
		c.after[t.Namespace+"."+t.Name] = t
	}
	labels := map[string][]string{}
	for _, e := range m.Enums {
		labels[e.Name] = e.Labels
	}
	enums, err := statement.Enums(ctx, c.conn, slices.Sorted(maps.Keys(labels)))
	if err != nil {
		return err
	}
	for _, e := range enums {
		for _, label := range labels[e.Name] {
			if !slices.Contains(e.Labels, label) {
				c.lost[e.Name] = append(c.lost[e.Name], label)
			}
		}
	}
	return nil
}

func (c *checking) statement(ctx context.Context, s *manifest.Statement) error {
	d, err := statement.Describe(ctx, c.conn, statement.Checkable(s.SQL), s.Params)
	if message, code, ok := statement.Refused(err); ok {
		c.find(Breaks, s, "the server says: %s (%s)", message, code)
		return nil
	}
	if err != nil {
		return err
	}
	if !d.Planned {
		c.report.Unchecked = append(c.report.Unchecked, *s)
	}
	c.result(s, d)
	for _, w := range d.Writes {
		c.write(s, w)
	}
	c.reads(s)
	for _, t := range slices.Sorted(maps.Keys(c.lost)) {
		is := func(name string) bool { return strings.TrimSuffix(name, "[]") == t }
		if slices.ContainsFunc(d.Params, is) || slices.ContainsFunc(d.Columns, func(col statement.Column) bool { return is(col.Type) }) {
			c.find(Breaks, s, "enum %s has no label %s any more", t, strings.Join(c.lost[t], ", "))
		}
	}
	return nil
}

// result compares the columns that come back with those that the release reads.
func (c *checking) result(s *manifest.Statement, d *statement.Description) {
	if len(s.Columns) != len(d.Columns) {
		c.find(Breaks, s, "its result has %s, the release reads %d", plural(len(d.Columns), "column"), len(s.Columns))
		return
	}
	for i, was := range s.Columns {
		is := d.Columns[i]
		switch {
		case was.Name != is.Name:
			c.find(Breaks, s, "column %d of its result is called %s, the release reads %s", i+1, is.Name, was.Name)
		case was.Type != is.Type && !(textual(was.Type) && textual(is.Type)):
			c.find(Breaks, s, "column %s of its result is of type %s, the release reads %s", was.Name, is.Type, was.Type)
		}
	}
}

// textual types look the same on the wire.
func textual(name string) bool {
	return slices.Contains([]string{"text", "character varying", "character", "citext", "name"}, name)
}

// write compares what the rows of a written table must be with what they had to be.
func (c *checking) write(s *manifest.Statement, w statement.Write) {
	name := w.Namespace + "." + w.Table
	after, ok := c.after[name]
	before, known := c.before[name]
	if !ok || w.Operation == "Delete" {
		return
	}
	for _, col := range after.Columns {
		i := slices.IndexFunc(before.Columns, func(old manifest.TableColumn) bool { return old.Name == col.Name })
		switch {
		case w.Operation == "Insert" && col.NotNull && !col.Filled && slices.Contains(w.Empty, col.Name):
			c.find(Breaks, s, "its INSERT gives %s.%s no value, which has to be NOT NULL and has no default", name, col.Name)
		case !known || i < 0 || !slices.Contains(s.Uses, name+"."+col.Name):
		case col.NotNull && !before.Columns[i].NotNull:
			c.find(MayBreak, s, "%s.%s is NOT NULL now: a NULL that the release writes fails", name, col.Name)
		case col.Type != before.Columns[i].Type && !holds(before.Columns[i].Type, col.Type):
			c.find(MayBreak, s, "%s.%s was %s and is %s: a value that does not fit fails", name, col.Name, before.Columns[i].Type, col.Type)
		}
	}
	if !known {
		return
	}
	for _, rule := range after.Rules {
		if was, same := before.Rules[rule.Name]; !same && !has(before.Rules, rule.Definition) {
			c.find(MayBreak, s, "%s has a new rule %s: %s; a row that breaks it fails", name, rule.Name, rule.Definition)
		} else if same && strings.TrimSuffix(was, " NOT VALID") != strings.TrimSuffix(rule.Definition, " NOT VALID") {
			c.find(MayBreak, s, "%s has the rule %s changed to %s; a row that breaks it fails", name, rule.Name, rule.Definition)
		}
	}
}

// has reports whether a rule is there under another name.
func has(rules map[string]string, definition string) bool {
	return slices.Contains(slices.Collect(maps.Values(rules)), definition)
}

// holds reports whether every value of a type fits another.
func holds(from, to string) bool {
	base := func(t string) (string, string) {
		name, modifier, _ := strings.Cut(t, "(")
		return name, strings.TrimSuffix(modifier, ")")
	}
	name, length := base(from)
	toName, toLength := base(to)
	if textual(name) && textual(toName) {
		return toLength == "" || length != "" && (len(length) < len(toLength) || len(length) == len(toLength) && length <= toLength)
	}
	numbers := []string{"smallint", "integer", "bigint", "numeric"}
	a, b := slices.Index(numbers, name), slices.Index(numbers, toName)
	switch {
	case a >= 0 && b >= 0 && a < b:
		return toLength == ""
	default:
		return name == toName && toLength == ""
	}
}

// reads warns of columns that may be NULL now and could not be before.
func (c *checking) reads(s *manifest.Statement) {
	if len(s.Columns) == 0 {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(c.before)) {
		for _, was := range c.before[name].Columns {
			if !was.NotNull || !slices.Contains(s.Uses, name+"."+was.Name) || !slices.ContainsFunc(s.Columns, func(col manifest.Column) bool { return col.Name == was.Name }) {
				continue
			}
			for _, is := range c.after[name].Columns {
				if is.Name == was.Name && !is.NotNull {
					c.find(MayBreak, s, "%s.%s may be NULL now: the release may not be able to read that", name, is.Name)
				}
			}
		}
	}
}
