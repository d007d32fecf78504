package ddl

import (
	"strings"

	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/schema"
)

// Kind names what a statement creates.
type Kind string

// The kinds of statements, in the order in which [Create] returns them.
const (
	KindNamespace   Kind = "schema"
	KindExtension   Kind = "extension"
	KindEnum        Kind = "enum"
	KindType        Kind = "type"
	KindSequence    Kind = "sequence"
	KindFunction    Kind = "function"
	KindTable       Kind = "table"
	KindComment     Kind = "comment"
	KindUniqueIndex Kind = "unique index"
	KindIndex       Kind = "index"
	KindForeignKey  Kind = "foreign key"
	KindView        Kind = "view"
	KindViewIndex   Kind = "index of view"
	KindTrigger     Kind = "trigger"
	KindRowSecurity Kind = "row security"
	KindPolicy      Kind = "policy"

	// KindObjectComment follows what it is about.
	KindObjectComment Kind = "comment on"
)

// Statement is one statement that creates one thing.
//
//   - Shape: Name is the plain name, for functions with the argument types in
//     parentheses, for comments "table" or the column behind "column ", for those on objects the kind and the name. Table is the table that the thing is or belongs to, empty for
//     namespaces, enums, types and functions; Namespace is where the thing, or its table, is. SQL has no semicolon at its end.
type Statement struct {
	Kind      Kind
	Name      string
	Namespace string
	Table     string
	SQL       string
}

// Create writes everything in s as statements, in an order that works on an
// empty database.
//
//   - Shape: namespaces, extensions, enums, types, sequences, functions, tables each with its comments, indexes, foreign keys, views each with
//     its indexes, triggers, policies; within a
//     kind the order of s. Foreign keys come after all tables, so cycles work;
//     functions come before tables, so defaults and checks may call them. An
//     SQL function that reads a table therefore needs check_function_bodies = off,
//     which [CreateAll] sees to.
//     Unmanaged tables are left out.
//   - Errors: none; s passes [Validate] first.
func Create(s *schema.Schema) []Statement {
	var out []Statement
	for _, name := range s.Namespaces() {
		out = append(out, Statement{Kind: KindNamespace, Name: name, SQL: "CREATE SCHEMA " + sqltext.Ident(name)})
	}
	out = appendObjects(out, s, schema.Extension)
	for i := range s.Enums {
		out = append(out, Statement{Kind: KindEnum, Name: s.Enums[i].Name, Namespace: s.Enums[i].Namespace, SQL: CreateEnum(&s.Enums[i])})
	}
	out = appendObjects(out, s, schema.Type)
	out = appendObjects(out, s, schema.SequenceObject)
	out = appendObjects(out, s, schema.Function)
	for i := range s.Tables {
		t := &s.Tables[i]
		if t.Unmanaged {
			continue
		}
		out = append(out, Statement{Kind: KindTable, Name: t.Name, Namespace: t.Namespace, Table: t.Name, SQL: CreateTable(t, s.Enums)})
		out = appendComments(out, t)
	}
	for i := range s.Tables {
		if t := &s.Tables[i]; !t.Unmanaged {
			out = appendIndexes(out, t)
		}
	}
	for i := range s.Tables {
		t := &s.Tables[i]
		if t.Unmanaged {
			continue
		}
		for j := range t.ForeignKeys {
			fk := &t.ForeignKeys[j]
			out = append(out, Statement{Kind: KindForeignKey, Name: fk.Name, Namespace: t.Namespace, Table: t.Name, SQL: AddForeignKey(t, fk)})
		}
	}
	out = appendObjects(out, s, schema.View)
	out = appendObjects(out, s, schema.Trigger)
	return appendPolicies(out, s)
}

func appendComments(out []Statement, t *schema.Table) []Statement {
	if t.Comment != "" {
		out = append(out, Statement{Kind: KindComment, Name: "table", Namespace: t.Namespace, Table: t.Name, SQL: CommentTable(t)})
	}
	for i := range t.Columns {
		if c := &t.Columns[i]; c.Comment != "" {
			out = append(out, Statement{Kind: KindComment, Name: "column " + c.Name, Namespace: t.Namespace, Table: t.Name, SQL: CommentColumn(t, c)})
		}
	}
	return out
}

func appendIndexes(out []Statement, t *schema.Table) []Statement {
	for i := range t.Uniques {
		if u := &t.Uniques[i]; u.Where != "" {
			out = append(out, Statement{Kind: KindUniqueIndex, Name: u.Name, Namespace: t.Namespace, Table: t.Name, SQL: CreateUniqueIndex(t, u)})
		}
	}
	for i := range t.Indexes {
		ix := &t.Indexes[i]
		kind := KindIndex
		if ix.Unique {
			kind = KindUniqueIndex
		}
		out = append(out, Statement{Kind: kind, Name: ix.Name, Namespace: t.Namespace, Table: t.Name, SQL: CreateIndex(t, ix)})
	}
	return out
}

func appendObjects(out []Statement, s *schema.Schema, kind schema.ObjectKind) []Statement {
	for i := range s.Objects {
		o := &s.Objects[i]
		if o.Kind != kind {
			continue
		}
		st := Statement{Kind: KindTrigger, Name: o.Name, Namespace: o.Namespace, Table: o.Table, SQL: objectText(o)}
		switch kind {
		case schema.Type:
			st.Kind = KindType
		case schema.Extension:
			st.Kind, st.SQL = KindExtension, "CREATE EXTENSION "+sqltext.Ident(o.Name)
		case schema.View:
			st.Kind = KindView
		case schema.SequenceObject:
			st.Kind = KindSequence
		case schema.Function:
			st.Kind, st.Name = KindFunction, functionName(o)
		}
		out = append(out, st)
		for _, ix := range o.Indexes {
			out = append(out, Statement{Kind: KindViewIndex, Name: ix.Name, Table: o.Name, SQL: plainText(ix.Create)})
		}
		out = appendComment(out, o)
	}
	return out
}

// appendComment writes the comment of an object.
func appendComment(out []Statement, o *schema.Object) []Statement {
	if o.Comment == "" {
		return out
	}
	on := ""
	switch o.Kind {
	case schema.View:
		on = "VIEW " + o.Name
		if materialized(o) {
			on = "MATERIALIZED " + on
		}
	case schema.SequenceObject:
		on = "SEQUENCE " + o.Name
	case schema.Function:
		on = "ROUTINE " + qualified(o.Namespace, o.Name) + "(" + o.Arguments + ")"
	case schema.Trigger, schema.Policy:
		on = strings.ToUpper(string(o.Kind)) + " " + sqltext.Ident(o.Name) + " ON " + qualified(o.Namespace, o.Table)
	default:
		return out
	}
	return append(out, Statement{
		Kind: KindObjectComment, Name: string(o.Kind) + " " + o.Name, Namespace: o.Namespace, Table: o.Table,
		SQL: "COMMENT ON " + on + " IS " + sqltext.Literal(o.Comment),
	})
}

// materialized reports whether a view's statement makes a materialized one.
func materialized(o *schema.Object) bool {
	words := sqltext.Words(o.Create, 2)
	return len(words) == 2 && words[1] == "materialized"
}

func functionName(o *schema.Object) string { return o.Name + "(" + o.Arguments + ")" }

// tableMark stands for the table in the statement of a trigger, functionMark for
// the function in its own.
const (
	tableMark    = "{table}"
	functionMark = "{function}"
)

// objectText is the statement of o without white space around it and without
// the semicolons that would make two statements out of one.
func objectText(o *schema.Object) string {
	text := plainText(o.Create)
	switch o.Kind {
	case schema.Function:
		text = strings.ReplaceAll(text, functionMark, qualified(o.Namespace, o.Name))
	case schema.Trigger, schema.Policy:
		text = strings.ReplaceAll(text, tableMark, qualified(o.Namespace, o.Table))
	}
	return text
}

// plainText is a statement without what stands around it.
func plainText(text string) string { return strings.TrimRight(strings.TrimSpace(text), "; \t\r\n") }

// CreateEnum writes CREATE TYPE for e, one value per line.
func CreateEnum(e *schema.Enum) string {
	var b sqltext.Builder
	b.WriteString("CREATE TYPE ")
	b.WriteString(qualified(e.Namespace, e.Name))
	b.WriteString(" AS ENUM (")
	for i, v := range e.Values {
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString("\n    ")
		b.Literal(v)
	}
	b.WriteString("\n)")
	return b.String()
}
