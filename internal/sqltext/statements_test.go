package sqltext_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/internal/sqltext"
)

func TestStatements(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"nothing":                           {"", nil},
		"blanks_and_semicolons":             {" ;\n;; \t", nil},
		"comments_alone":                    {"-- a; b\n/* c; */", nil},
		"two":                               {"SELECT 1; SELECT 2;", []string{"SELECT 1", "SELECT 2"}},
		"the_last_needs_no_semicolon":       {"SELECT 1;\nSELECT 2 -- x\n", []string{"SELECT 1", "SELECT 2"}},
		"no_comment_before_the_semicolon":   {"SELECT 1 -- x\n;", []string{"SELECT 1"}},
		"a_comment_inside_stays":            {"SELECT -- x;\n 1;", []string{"SELECT -- x;\n 1"}},
		"strings":                           {"SELECT ';''--'; SELECT 2", []string{"SELECT ';''--'", "SELECT 2"}},
		"backslashes_are_letters":           {`SELECT '\'; SELECT 2`, []string{`SELECT '\'`, "SELECT 2"}},
		"escaped_strings":                   {`SELECT E'\';', e'\\'; SELECT 2`, []string{`SELECT E'\';', e'\\'`, "SELECT 2"}},
		"a_name_that_ends_in_e":             {`SELECT tie'\'; SELECT 2`, []string{`SELECT tie'\'`, "SELECT 2"}},
		"quoted_names":                      {`SELECT ";""'" FROM t; SELECT 2`, []string{`SELECT ";""'" FROM t`, "SELECT 2"}},
		"dollar_quotes":                     {"DO $$ BEGIN; END $$; DO $a$ $$;$b$ $a$;", []string{"DO $$ BEGIN; END $$", "DO $a$ $$;$b$ $a$"}},
		"a_dollar_in_a_name":                {"SELECT a$b$; SELECT 1;", []string{"SELECT a$b$", "SELECT 1"}},
		"nested_comments":                   {"/* /* ; */ ; */ SELECT 1;", []string{"SELECT 1"}},
		"parentheses":                       {"CREATE RULE r AS ON INSERT TO t DO (DELETE FROM a; DELETE FROM b); SELECT 2", []string{"CREATE RULE r AS ON INSERT TO t DO (DELETE FROM a; DELETE FROM b)", "SELECT 2"}},
		"a_parenthesis_too_many":            {"SELECT 1); SELECT 2", []string{"SELECT 1)", "SELECT 2"}},
		"bodies_of_begin_atomic":            {"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT 3", []string{"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END", "SELECT 3"}},
		"or_replace_procedure":              {"create or replace procedure p() begin atomic insert into t values (1); end; SELECT 3", []string{"create or replace procedure p() begin atomic insert into t values (1); end", "SELECT 3"}},
		"begin_elsewhere_opens_nothing":     {"BEGIN; SELECT 1; END; CREATE TABLE begin (a int); SELECT 1", []string{"BEGIN", "SELECT 1", "END", "CREATE TABLE begin (a int)", "SELECT 1"}},
		"line_ends_of_other_systems":        {"-- a\r\nSELECT 1;\r\n-- b\rSELECT 2;\r\n", []string{"SELECT 1", "SELECT 2"}},
		"every_letter":                      {"SELECT 'ä;' AS Ärger; SELECT 'λ'", []string{"SELECT 'ä;' AS Ärger", "SELECT 'λ'"}},
		"strings_that_go_on_below":          {"SELECT E'a'\n'\\';'; SELECT 2", []string{"SELECT E'a'\n'\\';'", "SELECT 2"}},
		"rows_behind_COPY_are_no_SQL":       {"COPY t (a) FROM stdin;\nit's; \"x\n\\.\nSELECT 2;", []string{"COPY t (a) FROM stdin", "SELECT 2"}},
		"rows_behind_COPY_have_an_end":      {"COPY t FROM STDIN; SELECT 2;", []string{"COPY t FROM STDIN", "SELECT 2"}},
		"a_semicolon_in_an_unquoted_number": {"SELECT 1e5;SELECT 0x1F;", []string{"SELECT 1e5", "SELECT 0x1F"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, _, err := sqltext.Statements(test.text)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range found {
				got = append(got, s.SQL)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestStatements_tells_lines_and_comments(t *testing.T) {
	t.Parallel()
	text := "-- one\n\nSELECT '\n' /* two\n*/ , 2; -- three\n-- four\nSELECT\n 3;\n/* five */"
	found, rest, err := sqltext.Statements(text)
	if err != nil {
		t.Fatal(err)
	}
	want := []sqltext.Statement{
		{SQL: "SELECT '\n' /* two\n*/ , 2", Line: 3, End: 5, Start: 8, Comments: []sqltext.Comment{
			{Text: "-- one", Line: 1}, {Text: "/* two\n*/", Line: 4, Place: sqltext.Inside}, {Text: "-- three", Line: 5, Place: sqltext.Behind},
		}},
		{SQL: "SELECT\n 3", Line: 7, End: 8, Start: 51, Comments: []sqltext.Comment{{Text: "-- four", Line: 6}}},
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("statements (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]sqltext.Comment{{Text: "/* five */", Line: 9}}, rest); diff != "" {
		t.Errorf("comments (-want +got)\n%s", diff)
	}
}

func TestStatements_refuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text string
		line int
	}{
		"an_open_string":        {"SELECT 1;\nSELECT 'a;\n", 2},
		"an_open_name":          {"SELECT \"a;", 1},
		"an_open_dollar_string": {"\n\nDO $x$ begin end $y$;", 3},
		"an_open_comment":       {"SELECT 1;\n/* /* */", 2},
		"an_open_parenthesis":   {"\nSELECT (1;", 2},
		"an_open_body":          {"CREATE FUNCTION f() BEGIN ATOMIC SELECT 1;", 1},
		"a_backslash_command":   {"SELECT 1;\n\\i other.sql\n", 2},
		"a_NUL_byte":            {"SELECT\n 1\x00;", 2},
		"what_is_no_UTF-8":      {"SELECT '\xff';", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := sqltext.Statements(test.text)
			syntax, ok := errors.AsType[*sqltext.SyntaxError](err)
			if !ok || syntax.Line != test.line {
				t.Errorf("got %v, want a *SyntaxError on line %d", err, test.line)
			}
		})
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		sql  string
		most int
		want []string
	}{
		"folds_names":                 {`CREATE INDEX Concurrently "ix" ON "My Table" ("A", b)`, -1, []string{"create", "index", "concurrently", "ix", "on", `"My Table"`, "(", `"A"`, ",", "b", ")"}},
		"leaves_comments_out":         {"-- a\nDROP /* b /* c */ */ TABLE t -- d", -1, []string{"drop", "table", "t"}},
		"keeps_strings":               {"ALTER TYPE e ADD VALUE 'It''s', E'\\'', $$x$$", -1, []string{"alter", "type", "e", "add", "value", "'It''s'", ",", "E'\\''", ",", "$$x$$"}},
		"stops":                       {"a b c", 2, []string{"a", "b"}},
		"gives_what_there_is":         {"a 'open", -1, []string{"a"}},
		"folds_letters_of_ASCII_only": {"ÄRGER", -1, []string{"Ärger"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, sqltext.Words(test.sql, test.most)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// Whatever the text: no panic, statements in their places, and each of them alone
// is one statement again.
func FuzzStatements(f *testing.F) {
	for _, seed := range []string{
		"SELECT 1; -- x\nSELECT 'a;';", "DO $$ ; $$;", "CREATE FUNCTION f() BEGIN ATOMIC SELECT case 1 when 1 then 2 end; END;",
		`SELECT E'\';' , "a;b" /* ; */;`, "a$b$;$b$;$b$;", "((;);)", "\\d", "'", "E'a'\n\n'b';", "1e'\\';'",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		found, _, err := sqltext.Statements(text)
		if err != nil {
			return
		}
		for _, s := range found {
			if s.SQL == "" || !strings.HasPrefix(text[s.Start:], s.SQL) {
				t.Fatalf("%q is not at %d of %q", s.SQL, s.Start, text)
			}
			if want := 1 + strings.Count(text[:s.Start], "\n"); s.Line != want {
				t.Fatalf("%q is said to be on line %d, want %d", s.SQL, s.Line, want)
			}
			again, _, err := sqltext.Statements(s.SQL)
			if err != nil || len(again) != 1 || again[0].SQL != s.SQL {
				t.Fatalf("%q alone gives %v, %v", s.SQL, again, err)
			}
			sqltext.Words(s.SQL, -1)
		}
	})
}
