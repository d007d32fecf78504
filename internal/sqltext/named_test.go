package sqltext_test

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"
	"pgregory.net/rapid"

	"github.com/retort-go/retort/internal/sqltext"
)

func TestNamed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sql, want string
		names     []string
	}{
		"in_the_order_of_their_first_use":  {"SELECT @b, @a, @b", "SELECT $1, $2, $1", []string{"b", "a"}},
		"names_go_as_far_as_they_can":      {"SELECT @ab_1é+@ab", "SELECT $1+@ab", []string{"ab_1é"}},
		"casts":                            {"SELECT @a::int, x::text[@b::int]", "SELECT $1::int, x::text[$2::int]", []string{"a", "b"}},
		"slices":                           {"SELECT x[1:@n]", "SELECT x[1:$1]", []string{"n"}},
		"behind_an_equals_sign":            {"id=@id AND n>=@n", "id=$1 AND n>=$2", []string{"id", "n"}},
		"operators_with_an_at":             {"a @> b AND a<@b AND a @@b AND a ^@b AND @-@p AND a ?@b", "a @> b AND a<@b AND a @@b AND a ^@b AND @-@p AND a ?@b", nil},
		"operators_with_a_question_mark":   {"a ? 'x' AND a ?| @k AND a ?& @k", "a ? 'x' AND a ?| $1 AND a ?& $1", []string{"k"}},
		"an_absolute_value_of_a_number":    {"SELECT @ -5, @(-5)", "SELECT @ -5, @(-5)", nil},
		"strings":                          {`SELECT '@a', '''@a', '\', @b`, `SELECT '@a', '''@a', '\', $1`, []string{"b"}},
		"strings_with_escapes":             {`SELECT E'\'@a', e'\\', @b, type'\', @c`, `SELECT E'\'@a', e'\\', $1, type'\', $2`, []string{"b", "c"}},
		"a_name_that_ends_in_e":            {`SELECT x$e'\', @b, se'\', @c`, `SELECT x$e'\', $1, se'\', $2`, []string{"b", "c"}},
		"strings_that_go_on_below":         {"SELECT E'a' -- and\n '\\'@a', @b", "SELECT E'a' -- and\n '\\'@a', $1", []string{"b"}},
		"strings_that_do_not_go_on":        {"SELECT E'a', '\\', @a", "SELECT E'a', '\\', $1", []string{"a"}},
		"quoted_names":                     {`SELECT "@a""@b", @c`, `SELECT "@a""@b", $1`, []string{"c"}},
		"dollar_quotes":                    {"SELECT $$@a'$$, $x$ $$ @b $x$, @c", "SELECT $$@a'$$, $x$ $$ @b $x$, $1", []string{"c"}},
		"a_dollar_inside_a_name":           {"SELECT a$b$, @c", "SELECT a$b$, $1", []string{"c"}},
		"comments":                         {"SELECT 1 -- @a '\n, @b /* @c /* ' */ @d */ +@e", "SELECT 1 -- @a '\n, $1 /* @c /* ' */ @d */ +@e", []string{"b"}},
		"a_comment_that_ends_the_text":     {"SELECT @a -- @b", "SELECT $1 -- @b", []string{"a"}},
		"nothing":                          {"", "", nil},
		"several_statements_stay_possible": {"SELECT @a; SELECT @b", "SELECT $1; SELECT $2", []string{"a", "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, names, err := sqltext.Named(c.sql)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got) + cmp.Diff(c.names, names); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNamed_and_Split_refuse(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		"SELECT '":      "sqltext: a string is not closed",
		`SELECT E'\'`:   "sqltext: a string is not closed",
		`SELECT "a`:     "sqltext: a quoted name is not closed",
		"SELECT /*/**/": "sqltext: a comment is not closed",
		"SELECT $a$ $$": "sqltext: a string $a$ is not closed",
	} {
		_, _, err := sqltext.Named(sql)
		if diff := cmp.Diff(want, text(err)); diff != "" {
			t.Errorf("Named(%q): %s", sql, diff)
		}
		_, err = sqltext.Split(sql)
		if diff := cmp.Diff(want, text(err)); diff != "" {
			t.Errorf("Split(%q): %s", sql, diff)
		}
	}
	if _, _, err := sqltext.Named("SELECT @a, $1"); err == nil {
		t.Error("Named took both kinds of parameters")
	}
	for sql, want := range map[string]string{
		"a; b":   "sqltext: a semicolon would end the statement; leave it out",
		"(a))":   "sqltext: a parenthesis is closed that was not opened",
		"((a)":   "sqltext: a parenthesis is not closed",
		"$0":     "sqltext: $0 is no parameter; they are $1 to $65535",
		"$65536": "sqltext: $65536 is no parameter; they are $1 to $65535",
	} {
		_, err := sqltext.Split(sql)
		if diff := cmp.Diff(want, text(err)); diff != "" {
			t.Errorf("Split(%q): %s", sql, diff)
		}
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string][]sqltext.Part{
		"":                           nil,
		"now()":                      {{SQL: "now()"}},
		"$1":                         {{Arg: 1}},
		"f($2, '$1', $x$$1$x$, $10)": {{SQL: "f("}, {Arg: 2}, {SQL: ", '$1', $x$$1$x$, "}, {Arg: 10}, {SQL: ")"}},
		"$1::text[$2] /* $3 ; ( */":  {{Arg: 1}, {SQL: "::text["}, {Arg: 2}, {SQL: "] /* $3 ; ( */"}},
		"';' || $1 || \"(\"":         {{SQL: "';' || "}, {Arg: 1}, {SQL: ` || "("`}},
	} {
		got, err := sqltext.Split(sql)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("Split(%q): %v\n%s", sql, err, diff)
		}
	}
}

// TestNamed_as_the_server_reads puts pieces of SQL together whose values are
// known, and asks PostgreSQL.
func TestNamed_as_the_server_reads(t *testing.T) {
	t.Parallel()
	conn, err := pgconn.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	inside := rapid.StringMatching(`([@$?a1é;() ]|@a|\$1|--|/\*|\*/|"|\\|\\')*`)
	rapid.Check(t, func(r *rapid.T) {
		var sql strings.Builder
		var want []string
		sql.WriteString("SELECT ''::text")
		want = append(want, "")
		for range rapid.IntRange(1, 6).Draw(r, "pieces") {
			s := inside.Draw(r, "inside")
			sql.WriteString(rapid.SampledFrom([]string{",", " , ", " -- " + s + "\n,", " /* " + strings.NewReplacer("/*", "", "*/", "").Replace(s) + "x*/ ,"}).Draw(r, "between"))
			quoted := strings.ReplaceAll(s, "'", "''")
			switch rapid.IntRange(0, 6).Draw(r, "piece") {
			case 0:
				sql.WriteString("'" + quoted + "'")
			case 1:
				sql.WriteString("E'" + strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), "'", `\'`) + "'")
			case 2:
				sql.WriteString("$q$" + s + "$q$")
			case 3:
				s = rapid.SampledFrom([]string{"a", "b", "é1"}).Draw(r, "name")
				sql.WriteString("@" + s + "::text")
			case 4:
				s = "true"
				sql.WriteString(`('{"a":1}'::jsonb @>'{}' AND '{}'<@'{"@a":1}'::jsonb AND '{"a":1}'::jsonb ?'a')::text`)
			case 5:
				sql.WriteString(`(SELECT "x@a""$1;(" FROM (VALUES ('` + quoted + `')) AS v("x@a""$1;("))`)
			case 6:
				sql.WriteString("E'' -- '\n '" + strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), "'", `\'`) + "'")
			}
			want = append(want, s)
		}
		text, names, err := sqltext.Named(sql.String())
		if err != nil {
			r.Fatalf("%s: %v", sql.String(), err)
		}
		args := make([][]byte, len(names))
		for i, name := range names {
			args[i] = []byte(name)
		}
		result := conn.ExecParams(t.Context(), text, args, nil, nil, nil).Read()
		if result.Err != nil {
			r.Fatalf("%s: %v", text, result.Err)
		}
		var got []string
		for _, v := range result.Rows[0] {
			got = append(got, string(v))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			r.Errorf("%s\n%s", text, diff)
		}
	})
}

// FuzzNamed takes any text apart: what is no parameter stays as it is, and text
// that is quoted is never looked into.
func FuzzNamed(f *testing.F) {
	seed(f)
	for _, s := range []string{"@a=@b", "E'\\'' '@a'", "$1 $2", "$a$@b$a$", "E'a'\n'\\'@b'", "/*@a*/--$1", "(@a;$1)", "a$e'\\'"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		if parts, err := sqltext.Split(sql); err == nil {
			var again strings.Builder
			for _, p := range parts {
				again.WriteString(p.SQL)
				if p.Arg > 0 {
					again.WriteString("$" + strconv.Itoa(p.Arg))
				}
			}
			if got := again.String(); got != sql && !strings.Contains(sql, "$0") {
				t.Fatalf("%q is %q when put together", sql, got)
			}
		}
		if text, names, err := sqltext.Named(sql); err == nil {
			if len(names) == 0 && text != sql {
				t.Fatalf("%q became %q without a parameter", sql, text)
			}
		}
		for _, quoted := range []string{sqltext.Ident(sql), sqltext.Literal(sql)} {
			whole := "f(" + quoted + ", @a)"
			text, names, err := sqltext.Named(whole)
			if err != nil || text != "f("+quoted+", $1)" || len(names) != 1 {
				t.Fatalf("%q became %q with %q: %v", whole, text, names, err)
			}
		}
	})
}
