package ddl_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/internal/ddl"
	"github.com/retort-go/retort/schema"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what   string
		change func(s *schema.Schema)
		want   []string
	}{
		{"accepts_one_of_everything", func(*schema.Schema) {}, nil},
		{"accepts_a_reference_to_a_unique_index", func(s *schema.Schema) {
			s.Tables[0].Indexes = []schema.Index{{Name: "uq", Unique: true, Parts: schema.Parts("author_id")}}
			s.Tables[1].ForeignKeys = []schema.ForeignKey{{Name: "fk", Columns: []string{"id"}, RefTable: "books", RefColumns: []string{"author_id"}}}
		}, nil},
		{"accepts_nothing", func(s *schema.Schema) { *s = schema.Schema{} }, nil},
		{"tables_with_one_name", func(s *schema.Schema) {
			s.Tables = append(s.Tables, schema.Table{Name: "authors", Columns: []schema.Column{{Name: "a", Type: "text"}}})
		}, []string{`table authors: the name "authors" is taken already by table authors; tables, indexes, primary keys and unique constraints share one set of names`}},
		{"an_enum_named_like_a_table", func(s *schema.Schema) {
			s.Enums = append(s.Enums, schema.Enum{Name: "books", Values: []string{"a"}})
		}, []string{`table books: the name "books" is taken already by enum books; enums and tables share one set of names`}},
		{"an_index_named_like_a_table", func(s *schema.Schema) {
			s.Tables[0].Indexes[0].Name = "authors"
		}, []string{`table books: index authors: the name "authors" is taken already by table authors; tables, indexes, primary keys and unique constraints share one set of names`}},
		{"enum_values", func(s *schema.Schema) {
			s.Enums[0].Values = []string{"a", "", "a", strings.Repeat("é", 32), "x\x00"}
			s.Enums[1].Values = nil
		}, []string{
			`enum book_status: value "" is empty`,
			`enum book_status: value "a" is there twice`,
			`enum book_status: value "` + strings.Repeat("é", 32) + `" is 64 bytes long, PostgreSQL takes 63`,
			`enum book_status: value "x\x00" has a NUL byte or is not valid UTF-8`,
			`enum Odd Type: it has no values`,
		}},
		{"columns", func(s *schema.Schema) {
			s.Tables[1].Columns = append(s.Tables[1].Columns,
				schema.Column{Name: "name", Type: " "},
				schema.Column{Name: "ctid", Type: "text"},
				schema.Column{Name: "", Type: "int", Identity: "SOMETIMES"},
				schema.Column{Name: "n", Type: "text", Identity: schema.IdentityAlways, Default: "1"},
				schema.Column{Name: "z", Type: "text", Default: "'\x00'"})
		}, []string{
			`table authors: column name is there twice`,
			`table authors: column name: it has no type`,
			`table authors: column ctid: PostgreSQL keeps this name for a column of its own`,
			`table authors: column: sqltext: a name is empty`,
			`table authors: column : its identity is "SOMETIMES"; there are "BY DEFAULT", "ALWAYS" and "SERIAL"`,
			`table authors: column n: it is an identity column and has a default; PostgreSQL takes one of them`,
			`table authors: column n: it is an identity column of type text; it must be smallint, integer or bigint`,
			`table authors: column z: its default has a NUL byte or is not valid UTF-8`,
		}},
		{"columns_that_the_server_fills", func(s *schema.Schema) {
			s.Tables[1].Columns = append(s.Tables[1].Columns,
				schema.Column{Name: "a", Type: "int", Generated: "1", Default: "1", Collation: "C"},
				schema.Column{Name: "b", Type: "int", Generated: "1", Identity: schema.IdentityAlways},
				schema.Column{Name: "c", Type: "int", Sequence: schema.Sequence{Start: 1}},
				schema.Column{Name: "d", Type: "smallint", Identity: schema.IdentityAlways, Sequence: schema.Sequence{Start: 40000}},
				schema.Column{Name: "e", Type: "int", Identity: schema.IdentityAlways, Sequence: schema.Sequence{Start: -5}},
				schema.Column{Name: "f", Type: "bigint", Identity: schema.IdentityAlways, Sequence: schema.Sequence{Start: 5, Increment: -1}},
				schema.Column{Name: "g", Type: "text", Collation: strings.Repeat("x", 64), Comment: "\x00"},
				schema.Column{Name: "h", Type: "uuid", Generated: "NULL"})
			s.Tables[1].ForeignKeys[0].Columns = []string{"h"}
			s.Tables[1].Comment, s.Tables[1].Storage = "\xff", "\x00"
		}, []string{
			`table authors: column a: it has the collation "C", but its type int knows none`,
			`table authors: column a: it is generated and has a default; PostgreSQL takes one of them`,
			`table authors: column b: it is an identity column and generated; PostgreSQL takes one of them`,
			`table authors: column c: it has a start or an increment, but it is no identity column`,
			`table authors: column d: it starts at 40000, outside of 1 to 32767`,
			`table authors: column e: it starts at -5, outside of 1 to 2147483647`,
			`table authors: column f: it starts at 5, outside of -9223372036854775808 to -1`,
			`table authors: column g: its comment has a NUL byte or is not valid UTF-8`,
			`table authors: column g: collation: sqltext: the name "` + strings.Repeat("x", 64) + `" is 64 bytes long, PostgreSQL keeps 63; choose a shorter one`,
			`table authors: its comment has a NUL byte or is not valid UTF-8`,
			`table authors: its list of storage parameters has a NUL byte or is not valid UTF-8`,
			`table authors: constraint fk_authors_best_book_books: column "h" is generated; ON DELETE may be RESTRICT or CASCADE, ON UPDATE may be RESTRICT`,
		}},
		{"indexes", func(s *schema.Schema) {
			s.Tables[1].Indexes = []schema.Index{
				{Name: "a", Method: "hash", Unique: true, Include: []string{"name", "nope"}, Parts: []schema.IndexPart{{Column: "id", Desc: true}, {Column: "nope"}}},
				{Name: "b", NullsNotDistinct: true, Storage: "\x00"},
				{Name: "c", Method: "bloom", Parts: []schema.IndexPart{{Column: "id", Expression: "1", Nulls: "MIDDLE", Collation: "\x00"}, {}, {Expression: "\xff", OperatorClass: "\xff"}}},
				{Name: "d", Method: "vector\x00", Parts: schema.Parts("id")},
				{Name: "e", Parts: make([]schema.IndexPart, 30), Include: []string{"id", "id", "name"}},
				{Name: "", Where: "\xff", Parts: schema.Parts("id")},
			}
			for i := range s.Tables[1].Indexes[4].Parts {
				s.Tables[1].Indexes[4].Parts[i].Column = "id"
			}
		}, []string{
			`table authors: index a: it has 2 parts; a hash index has one`,
			`table authors: index a: it is ordered, which hash indexes are not`,
			`table authors: index a: the table has no column "nope"`,
			`table authors: index a: hash indexes include no columns`,
			`table authors: index a: the table has no column "nope" to include`,
			`table authors: index a: it is unique, which hash indexes cannot be; leave the method out`,
			`table authors: index b: it has no columns`,
			`table authors: index b: its list of storage parameters has a NUL byte or is not valid UTF-8`,
			`table authors: index b: it says NULLS NOT DISTINCT, but is not unique`,
			`table authors: index c: a part is the column "id" and an expression; it is one of them`,
			`table authors: index c: collation: sqltext: the name "\x00" contains a NUL byte`,
			`table authors: index c: it has NULLs "MIDDLE"; there are "FIRST" and "LAST"`,
			`table authors: index c: a part has neither a column nor an expression`,
			`table authors: index c: its expression has a NUL byte or is not valid UTF-8`,
			`table authors: index c: its operator class has a NUL byte or is not valid UTF-8`,
			`table authors: index d: method: sqltext: the name "vector\x00" contains a NUL byte`,
			`table authors: index e: it has 33 columns, PostgreSQL takes 32`,
			`table authors: index: sqltext: a name is empty`,
			`table authors: index : its predicate has a NUL byte or is not valid UTF-8`,
		}},
		{"exclusions", func(s *schema.Schema) {
			id := []schema.ExclusionPart{{IndexPart: schema.IndexPart{Column: "id"}, Operator: "="}}
			s.Tables[1].Exclusions = []schema.Exclusion{
				{Name: "pk_authors", Parts: id},
				{Name: "a", Method: "gin", Parts: id, Include: []string{"name"}, Deferrable: "SOMETIMES"},
				{Name: "b", Parts: []schema.ExclusionPart{{IndexPart: schema.IndexPart{Column: "id", Desc: true}, Operator: " "}}, Where: "\x00"},
				{Name: "c", Method: "rum"},
			}
		}, []string{
			`table authors: constraint pk_authors: another constraint of the table has this name`,
			`table authors: constraint pk_authors: the name "pk_authors" is taken already by table authors: constraint pk_authors; tables, indexes, primary keys and unique constraints share one set of names`,
			`table authors: constraint a: gin indexes include no columns`,
			`table authors: constraint a: it is deferrable as "SOMETIMES"; there are "DEFERRABLE INITIALLY IMMEDIATE" and "DEFERRABLE INITIALLY DEFERRED"`,
			`table authors: constraint a: gin indexes cannot carry an exclusion constraint; use gist`,
			`table authors: constraint b: part 1 has no operator`,
			`table authors: constraint b: it is ordered, which gist indexes are not`,
			`table authors: constraint b: its predicate has a NUL byte or is not valid UTF-8`,
			`table authors: constraint c: it has no columns`,
		}},
		{"accepts_one_name_in_several_namespaces", func(s *schema.Schema) { *s = *offices() }, nil},
		{"namespaces", func(s *schema.Schema) {
			*s = *offices()
			s.Tables[0].Namespace = "pg_own"
			s.Tables[1].Checks[0].Expression = ""
			s.Tables[2].Namespace = "audit"
			s.Tables[2].Columns = nil
			s.Objects[0].Namespace = "audit"
			s.Objects[1].Create = "CREATE TRIGGER papers_keep BEFORE DELETE ON papers EXECUTE FUNCTION keep()"
		}, []string{
			`schema pg_own: PostgreSQL keeps this name for itself`,
			`table audit.papers: the name "papers" is taken already by table audit.papers; tables, indexes, primary keys and unique constraints share one set of names`,
			`table pg_own.papers: constraint fk_papers_up_papers: it refers to the table "Odd \"one'.x.papers", which is not registered`,
			`table audit.papers: constraint ck_papers_kind: its expression is empty`,
			`table audit.papers: constraint fk_papers_up_papers: it refers to the table "papers", which is not registered`,
			`table audit.papers: it has no columns`,
			`table audit.papers: constraint pk_papers: the name "pk_papers" is taken already by table audit.papers: constraint pk_papers; tables, indexes, primary keys and unique constraints share one set of names`,
			`table audit.papers: constraint pk_papers: the table has no column "id"`,
			`table audit.papers: index uq_papers_up: the name "uq_papers_up" is taken already by table audit.papers: index uq_papers_up; tables, indexes, primary keys and unique constraints share one set of names`,
			`table audit.papers: index uq_papers_up: the table has no column "up"`,
			`table audit.papers: constraint fk_papers_up_papers: the table has no column "up"`,
			`function audit.keep(): its SQL must call it {function}, which stands for the name with its schema`,
			`trigger papers_keep of table audit.papers: its SQL must call the table {table}, which stands for the name with its schema`,
		}},
		{"a_table_without_columns", func(s *schema.Schema) {
			s.Tables = []schema.Table{{Name: ""}}
			s.Objects = nil
		}, []string{`table: sqltext: a name is empty`, `table : it has no columns`}},
		{"keys", func(s *schema.Schema) {
			b := &s.Tables[0]
			b.PrimaryKey.Columns = []string{"id", "id", "nope"}
			b.Uniques[0].Name = "pk_books"
			b.Uniques[0].Columns = nil
			b.Uniques[0].Deferrable = "SOMEHOW"
			b.Uniques[1].Deferrable = schema.InitiallyDeferred
			b.Checks[0].Name = "fk_books_author_id_authors"
			b.Checks[0].Expression = "\n"
			b.Indexes[0].Parts = schema.Parts("nope", "id", "id")
			s.Tables[1].ForeignKeys = nil
		}, []string{
			`table books: constraint pk_books: column "id" is there twice`,
			`table books: constraint pk_books: the table has no column "nope"`,
			`table books: constraint pk_books: another constraint of the table has this name`,
			`table books: constraint pk_books: the name "pk_books" is taken already by table books: constraint pk_books; tables, indexes, primary keys and unique constraints share one set of names`,
			`table books: constraint pk_books: it has no columns`,
			`table books: constraint pk_books: it is deferrable as "SOMEHOW"; there are "DEFERRABLE INITIALLY IMMEDIATE" and "DEFERRABLE INITIALLY DEFERRED"`,
			`table books: index uq_books_title: it has a predicate and is deferrable; PostgreSQL takes one of them`,
			`table books: constraint fk_books_author_id_authors: its expression is empty`,
			`table books: constraint fk_books_author_id_authors: another constraint of the table has this name`,
			`table books: index ix_books_status_created_at: the table has no column "nope"`,
		}},
		{"foreign_keys", func(s *schema.Schema) {
			column := []string{"author_id"}
			s.Tables[0].ForeignKeys = []schema.ForeignKey{
				{Name: "fk_1", Columns: column, RefTable: "nope", RefColumns: []string{"id"}},
				{Name: "fk_2", Columns: column, RefTable: "authors", RefColumns: []string{"id", "name"}},
				{Name: "fk_3", Columns: column, RefTable: "authors", RefColumns: []string{"nope"}},
				{Name: "fk_4", Columns: []string{"title"}, RefTable: "authors", RefColumns: []string{"name"}},
				{Name: "fk_5", Columns: []string{"id"}, RefTable: "authors", RefColumns: []string{"id"}},
				{Name: "fk_6", Columns: column, RefTable: "authors", RefColumns: []string{"id"}, OnDelete: schema.SetNull, OnUpdate: "EXPLODE"},
				{Name: "fk_7", RefTable: "authors"},
			}
		}, []string{
			`table books: constraint fk_1: it refers to the table "nope", which is not registered`,
			`table books: constraint fk_2: it has 1 column but refers to 2 columns`,
			`table books: constraint fk_3: it refers to the column "nope", which table authors does not have`,
			`table books: constraint fk_4: it refers to authors (name), which is neither the primary key nor unique at once and without a predicate`,
			`table books: constraint fk_5: column "id" is uuid, but refers to column "id", which is bigint`,
			`table books: constraint fk_6: it says ON DELETE SET NULL, but column "author_id" is NOT NULL`,
			`table books: constraint fk_6: its ON UPDATE action is "EXPLODE"; there are "RESTRICT", "CASCADE", "SET NULL" and "SET DEFAULT"`,
			`table books: constraint fk_7: it has no columns`,
		}},
		{"objects", func(s *schema.Schema) {
			s.Objects = append(s.Objects, s.Objects[1], s.Objects[2],
				schema.Object{Kind: "window", Name: "v", Create: "CREATE VIEW v AS SELECT 1"},
				schema.Object{Kind: schema.Function, Name: "f", Arguments: "int", Table: "books", Create: " ; "},
				schema.Object{Kind: schema.Function, Name: "f", Arguments: "text", Create: "\xff"},
				schema.Object{Kind: schema.Trigger, Name: "tr", Arguments: "int", Table: "nope", Create: "x"})
		}, []string{
			`function refuse_change(): it is registered twice`,
			`trigger books_keep of table books: it is registered twice`,
			`object v: its kind is "window"; there are "type", "function", "trigger", "extension", "view", "policy" and "sequence"`,
			`function f(int): it names the table "books", which only triggers have`,
			`function f(int): its SQL is empty`,
			`function f(text): its SQL has a NUL byte or is not valid UTF-8`,
			`trigger tr of table nope: no registered table has this name`,
			`trigger tr of table nope: it has the arguments "int", which only functions have`,
		}},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			s := library()
			c.change(s)
			var got []string
			for _, err := range ddl.Validate(s) {
				got = append(got, strings.TrimPrefix(err.Error(), "ddl: "))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
