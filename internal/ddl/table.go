package ddl

import (
	"strconv"
	"strings"

	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/schema"
)

// CreateTable writes CREATE TABLE for t: columns, primary key, unique
// constraints, checks, exclusion constraints.
//
//   - Shape: one column or constraint per line. Foreign keys and indexes, and so
//     the unique ones with a predicate, are statements of their own. A column
//     type that names one of enums, or an array of one, is quoted; every other
//     type is SQL text.
func CreateTable(t *schema.Table, enums []schema.Enum) string {
	lines := make([]string, 0, len(t.Columns)+len(t.Uniques)+len(t.Checks)+len(t.Exclusions)+1)
	for i := range t.Columns {
		lines = append(lines, column(&t.Columns[i], enums))
	}
	if pk := t.PrimaryKey; pk != nil {
		lines = append(lines, constraint(pk.Name)+"PRIMARY KEY "+columnList(pk.Columns))
	}
	for i := range t.Uniques {
		if u := &t.Uniques[i]; u.Where == "" {
			lines = append(lines, constraint(u.Name)+"UNIQUE "+nullsNotDistinct(u.NullsNotDistinct)+
				columnList(u.Columns)+include(u.Include)+deferrable(u.Deferrable, " "))
		}
	}
	for i := range t.Checks {
		c := &t.Checks[i]
		lines = append(lines, constraint(c.Name)+"CHECK ("+closed(c.Expression)+")")
	}
	for i := range t.Exclusions {
		lines = append(lines, exclusion(&t.Exclusions[i]))
	}
	create := "CREATE TABLE "
	if t.Unlogged {
		create = "CREATE UNLOGGED TABLE "
	}
	create += relation(t) + " ("
	if len(lines) > 0 {
		create += "\n    " + strings.Join(lines, ",\n    ") + "\n"
	}
	return create + ")" + storage(t.Storage)
}

func storage(parameters string) string {
	if parameters == "" {
		return ""
	}
	return " WITH (" + closed(parameters) + ")"
}

func column(c *schema.Column, enums []schema.Enum) string {
	out := sqltext.Ident(c.Name) + " " + typeText(c.Type, enums)
	if c.Identity == schema.Serial {
		return sqltext.Ident(c.Name) + " " + serialType(c.Type)
	}
	if c.Collation != "" {
		out += " COLLATE " + sqltext.Ident(c.Collation)
	}
	if c.Identity != schema.NoIdentity {
		out += " GENERATED " + string(c.Identity) + " AS IDENTITY" + sequence(c.Sequence)
	}
	if c.Generated != "" {
		out += " GENERATED ALWAYS AS (" + closed(c.Generated) + ") STORED"
	}
	if c.NotNull {
		out += " NOT NULL"
	}
	if c.Default != "" {
		out += " DEFAULT " + closed(c.Default)
	}
	return out
}

// serialType is the type that PostgreSQL turns into a number, a sequence of its
// own, a default and NOT NULL; empty where there is none.
func serialType(typ string) string {
	switch strings.ToLower(strings.TrimSpace(typ)) {
	case "smallint", "int2":
		return "smallserial"
	case "integer", "int", "int4":
		return "serial"
	case "bigint", "int8":
		return "bigserial"
	default:
		return ""
	}
}

func sequence(s schema.Sequence) string {
	var options []string
	if s.Start != 0 {
		options = append(options, "START WITH "+strconv.FormatInt(s.Start, 10))
	}
	if s.Increment != 0 {
		options = append(options, "INCREMENT BY "+strconv.FormatInt(s.Increment, 10))
	}
	if len(options) == 0 {
		return ""
	}
	return " (" + strings.Join(options, " ") + ")"
}

// typeText quotes the names of enums, which are held as written; any other type
// is SQL text already and would be broken by quotes.
func typeText(typ string, enums []schema.Enum) string {
	base := strings.TrimRight(typ, "[]")
	for i := range enums {
		if enums[i].FullName() == base {
			return qualified(enums[i].Namespace, enums[i].Name) + typ[len(base):]
		}
	}
	return typ
}

// closed ends a line comment inside user text, which would swallow the
// parenthesis or comma behind it.
func closed(text string) string {
	if strings.Contains(text, "--") {
		return text + "\n    "
	}
	return text
}

// CommentTable writes COMMENT ON TABLE for t.
func CommentTable(t *schema.Table) string {
	return "COMMENT ON TABLE " + relation(t) + " IS " + sqltext.Literal(t.Comment)
}

// CommentColumn writes COMMENT ON COLUMN for c of t.
func CommentColumn(t *schema.Table, c *schema.Column) string {
	return "COMMENT ON COLUMN " + relation(t) + "." + sqltext.Ident(c.Name) + " IS " + sqltext.Literal(c.Comment)
}

// AddForeignKey writes ALTER TABLE … ADD CONSTRAINT for one foreign key of t.
func AddForeignKey(t *schema.Table, fk *schema.ForeignKey) string {
	out := "ALTER TABLE " + relation(t) +
		"\n    ADD " + constraint(fk.Name) + "FOREIGN KEY " + columnList(fk.Columns) +
		"\n    REFERENCES " + qualified(fk.RefNamespace, fk.RefTable) + " " + columnList(fk.RefColumns)
	if fk.OnDelete != schema.NoAction {
		out += "\n    ON DELETE " + string(fk.OnDelete)
	}
	if fk.OnUpdate != schema.NoAction {
		out += "\n    ON UPDATE " + string(fk.OnUpdate)
	}
	return out + deferrable(fk.Deferrable, "\n    ")
}

// relation is the name of t as SQL text.
func relation(t *schema.Table) string { return qualified(t.Namespace, t.Name) }

// fullName is the name of a table for people.
func fullName(namespace, name string) string {
	return (&schema.Table{Namespace: namespace, Name: name}).FullName()
}

func qualified(namespace, name string) string { return sqltext.Qualified(namespace, name) }

func constraint(name string) string { return "CONSTRAINT " + sqltext.Ident(name) + " " }

func deferrable(d schema.Deferrable, before string) string {
	if d == schema.NotDeferrable {
		return ""
	}
	return before + string(d)
}

func columnList(names []string) string {
	var b sqltext.Builder
	b.WriteString("(")
	b.Idents(names, ", ")
	b.WriteString(")")
	return b.String()
}
