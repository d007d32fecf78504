package retort_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest"
)

// rawAll runs a read-only statement in a session of its own.
func rawAll[T any](ctx context.Context, eng *retort.Engine, sql string, args ...any) ([]T, error) {
	s := eng.Session()
	defer s.Close(ctx)
	return retort.SQL[T](sql, args...).ReadOnly().All(ctx, s)
}

type (
	name   string
	number int16
	rowID  [16]byte
)

func TestRawArguments(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, library)
	id := uuid.Must(uuid.FromString("0190163d-8694-739b-aea5-966c26f8ad91"))
	at := time.Date(2024, 2, 29, 23, 30, 0, 123456789, time.FixedZone("", 3600))
	for _, tc := range []struct {
		as   string
		arg  any
		want string
	}{
		{"text", "O'Brien\\ é \"x\"", "O'Brien\\ é \"x\""},
		{"text", "", ""},
		{"text", name("x"), "x"},
		{"text", nil, "NULL"},
		{"text", (*string)(nil), "NULL"},
		{"text", new("p"), "p"},
		{"smallint", number(-7), "-7"},
		{"int", 42, "42"},
		{"int", uint8(200), "200"},
		{"bigint", int64(-1 << 63), "-9223372036854775808"},
		{"numeric", uint64(1<<64 - 1), "18446744073709551615"},
		{"float8", 0.1, "0.1"},
		{"float4", float32(0.1), "0.1"},
		{"bool", true, "true"},
		{"genre", Poetry, "poetry"},
		{"bytea", []byte{0, 255, '\\'}, `\x00ff5c`},
		{"bytea", []byte{}, `\x`},
		{"bytea", []byte(nil), "NULL"},
		{"uuid", id, id.String()},
		{"uuid", rowID(id), id.String()},
		{"uuid", &id, id.String()},
		{"uuid", id.String(), id.String()},
		{"timestamptz", at, "2024-02-29 22:30:00.123456+00"},
		{"date", at, "2024-02-29"},
		{"date", time.Date(-43, 3, 15, 0, 0, 0, 0, time.UTC), "0044-03-15 BC"},
		{"jsonb", json.RawMessage(`{"a":[1,null]}`), `{"a": [1, null]}`},
		{"jsonb", map[string]any{"a": nil}, `{"a": null}`},
		{"jsonb", struct{ A int }{1}, `{"A": 1}`},
		{"text[]", []string{"a", `b"\c`, "NULL", "", "{é}"}, `{a,"b\"\\c","NULL","","{é}"}`},
		{"int[]", []int32{1, 2}, "{1,2}"},
		{"int[]", []int32{}, "{}"},
		{"int[]", []int32(nil), "NULL"},
		{"int[]", [][]int{{1, 2}, {3, 4}}, "{{1,2},{3,4}}"},
		{"uuid[]", []uuid.UUID{id}, "{" + id.String() + "}"},
		{"genre[]", []Genre{Novel, Poetry}, "{novel,poetry}"},
		{"text[]", []*string{new("x"), nil}, "{x,NULL}"},
		{"inet", netip.MustParseAddr("2001:db8::1"), "2001:db8::1/128"},
	} {
		t.Run(fmt.Sprintf("%T_as_%s", tc.arg, tc.as), func(t *testing.T) {
			t.Parallel()
			got, err := rawAll[string](t.Context(), k.Engine, "SELECT coalesce($1::"+tc.as+"::text, 'NULL') FROM set_config('timezone', 'UTC', false)", tc.arg)
			must(t, err)
			if diff := cmp.Diff([]string{tc.want}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRawScalars(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, library)
	ctx := t.Context()
	check := func(what string, want, got any, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	ints, err := rawAll[int](ctx, k.Engine, "SELECT g FROM generate_series(1, 3) g")
	check("int", []int{1, 2, 3}, ints, err)
	none, err := rawAll[int](ctx, k.Engine, "SELECT 1 WHERE false")
	check("no rows", []int{}, none, err)
	nulls, err := rawAll[*string](ctx, k.Engine, "SELECT nullif(g, 'a') FROM unnest('{a,b}'::text[]) g")
	check("pointers", []*string{nil, new("b")}, nulls, err)
	genres, err := rawAll[Genre](ctx, k.Engine, "SELECT unnest(enum_range(NULL::genre))")
	check("enum", []Genre{Novel, Poetry}, genres, err)
	lists, err := rawAll[[]string](ctx, k.Engine, "SELECT '{a,b}'::text[]")
	check("list", [][]string{{"a", "b"}}, lists, err)
	times, err := rawAll[time.Time](ctx, k.Engine, "SELECT '2024-02-29 12:00:00.5+02'::timestamptz")
	check("time", []time.Time{time.Date(2024, 2, 29, 10, 0, 0, 5e8, time.UTC)}, times, err)
	bools, err := rawAll[bool](ctx, k.Engine, "SELECT 1 = 1")
	check("bool", []bool{true}, bools, err)
	maps, err := rawAll[map[string]int](ctx, k.Engine, `SELECT '{"a": 1}'::jsonb`)
	check("json", []map[string]int{{"a": 1}}, maps, err)
	ids, err := rawAll[rowID](ctx, k.Engine, "SELECT '00000000-0000-0000-0000-0000000000ff'::uuid")
	check("a [16]byte of one's own", []rowID{{15: 255}}, ids, err)
	floats, err := rawAll[float64](ctx, k.Engine, "SELECT 'Infinity'::float8")
	if err != nil || floats[0] <= 1e308 {
		t.Errorf("float: %v, %v", floats, err)
	}
}

type place struct {
	City string
	Zip  *string `db:"post_code"`
}

type visit struct {
	retort.Timestamps
	place
	Note    *string
	Scores  []string
	hidden  int
	Skipped chan int             `db:"-"`
	Books   retort.Many[Book]    `json:"books,omitzero"`
	Extra   map[string]time.Time // only json could fill it, so a result may leave it out
}

func TestRawStructs(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, library)
	got, err := rawAll[visit](t.Context(), k.Engine, `SELECT 'Ghent' AS city, NULL AS post_code, 'n' AS note, '{}'::text[] AS scores,
		'epoch'::timestamptz AS created_at, 'epoch'::timestamptz AS updated_at`)
	must(t, err)
	epoch := time.Unix(0, 0).UTC()
	want := visit{Timestamps: retort.Timestamps{CreatedAt: epoch, UpdatedAt: epoch}, place: place{City: "Ghent"}, Note: new("n"), Scores: []string{}}
	if len(got) != 1 || got[0].City != want.City || got[0].Zip != nil || *got[0].Note != "n" || got[0].CreatedAt != epoch || got[0].hidden != 0 {
		t.Errorf("got %+v", got)
	}
}

// TestRawRowsShareNothing writes into one row's bytes and looks at the others.
func TestRawRowsShareNothing(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, library)
	type row struct {
		A []byte
		B string
		C []byte
		D *[]byte
	}
	rows, err := rawAll[row](t.Context(), k.Engine, `SELECT '\x0101'::bytea AS a, 'text' AS b, '\x0202'::bytea AS c, '\x0303'::bytea AS d FROM generate_series(1, 50)`)
	must(t, err)
	for i := range rows {
		rows[i].A = append(rows[i].A, 9, 9, 9)
		rows[i].A[0], rows[i].C[0], (*rows[i].D)[0] = 8, 8, 8
		for j := i + 1; j < len(rows); j++ {
			if rows[j].A[0] != 1 || rows[j].C[0] != 2 || (*rows[j].D)[0] != 3 {
				t.Fatalf("row %d was changed through row %d", j, i)
			}
		}
		if rows[i].B != "text" || rows[i].C[1] != 2 {
			t.Fatalf("row %d is %+v", i, rows[i])
		}
	}
}

func TestRawMistakes(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, library)
	const secret = "s3cret"
	type row struct{ Name, Note string }
	for _, tc := range []struct {
		name, sql string
		args      []any
		want      []string
	}{
		{"several_statements", "SELECT 'a'; SELECT 'b'", nil, []string{"one statement per call"}},
		{"nothing", " \n\t", nil, []string{"the statement is empty"}},
		{"NUL_in_the_text", "SELECT 's3cret\x00'", nil, []string{"NUL"}},
		{"invalid_UTF8_in_the_text", "SELECT 's3cret\xff'", nil, []string{"UTF-8"}},
		{"too_few_arguments", "SELECT $1 || $2", []any{secret}, []string{"another number of parameters", "than the 1 given"}},
		{"too_many_arguments", "SELECT $1", []any{secret, secret}, []string{"than the 2 given"}},
		{"syntax", "SELEC $1", []any{secret}, []string{`"SELEC"`, "42601"}},
		{"NUL_in_an_argument", "SELECT $1 || $2", []any{"x", secret + "\x00"}, []string{"argument $2", "NUL"}},
		{"invalid_UTF8_in_an_argument", "SELECT $1", []any{secret + "\xff"}, []string{"argument $1", "UTF-8"}},
		{"argument_of_no_type", "SELECT $1", []any{make(chan int)}, []string{"argument $1", "chan int"}},
		{"a_value_of_the_wrong_form", "SELECT $1::int", []any{secret}, []string{"22P02"}},
		{"an_unknown_label", "SELECT $1::genre", []any{secret}, []string{"22P02"}},
		{"json", "SELECT $1::jsonb", []any{"{" + secret}, []string{"22P02"}},
		{"a_time_out_of_range", "SELECT $1::timestamptz", []any{time.Date(300000, 1, 1, 0, 0, 0, 0, time.UTC)}, []string{"argument $1", "range"}},
		{"unknown_column", "SELECT 'a' AS name, 'b' AS note, 1 AS nonsense", nil, []string{"columns without a field: nonsense", "AS"}},
		{"missing_column", "SELECT 'a' AS name", nil, []string{"fields without a column: Note (column note)"}},
		{"column_twice", "SELECT 'a' AS name, 'b' AS note, 'c' AS name", nil, []string{"come twice: name"}},
		{"null_for_a_value", "SELECT 'a' AS name, NULL AS note", nil, []string{"row 1", "note is NULL", "*string"}},
		{"another_type", "SELECT 'a' AS name, 1 AS note", nil, []string{"note", "int4", "string"}},
		{"later_row", "SELECT 'a' AS name, nullif(g, 3)::text AS note FROM generate_series(1, 3) g", nil, []string{"row 3"}},
		{"copy", "COPY authors TO STDOUT", nil, []string{"COPY"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for kind, run := range map[string]func(*retort.Session) error{
				"read-only": func(s *retort.Session) error {
					_, err := retort.SQL[row](tc.sql, tc.args...).ReadOnly().All(t.Context(), s)
					return err
				},
				"in a transaction": func(s *retort.Session) error {
					_, err := retort.SQL[row](tc.sql, tc.args...).All(t.Context(), s)
					return err
				},
			} {
				s := k.Engine.Session()
				err := run(s)
				if err == nil {
					t.Fatalf("%s: no error", kind)
				}
				text := err.Error()
				for _, want := range tc.want {
					if !strings.Contains(text, want) {
						t.Errorf("%s: %q is not in %q", kind, want, text)
					}
				}
				if !strings.HasPrefix(text, "retort: SQL: ") || strings.Contains(text, secret) {
					t.Errorf("%s: got %q", kind, text)
				}
				if pgerr.Transient(err) || pgerr.Retryable(err) {
					t.Errorf("%s: %q would be tried again", kind, text)
				}
				must(t, s.Rollback(t.Context()))
				if got, err := retort.SQL[string]("SELECT 'x'").One(t.Context(), s); err != nil || got != "x" {
					t.Errorf("%s: afterwards %q, %v", kind, got, err)
				}
				must(t, s.Close(t.Context()))
			}
		})
	}
	t.Run("a_type_that_cannot_be_read", func(t *testing.T) {
		t.Parallel()
		if _, err := rawAll[chan int](t.Context(), k.Engine, "SELECT 1"); err == nil || !strings.Contains(err.Error(), "chan int") {
			t.Errorf("got %v", err)
		}
		if _, err := rawAll[struct{ Inner *struct{ A chan int } }](t.Context(), k.Engine, "SELECT 1 AS inner"); err == nil {
			t.Error("no error")
		}
	})
}

// TestRawWithoutRows reads nothing: what does not fit is told all the same, and
// costs nothing more.
func TestRawWithoutRows(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, library)
	ctx := t.Context()
	type row struct{ Name, Note string }
	for _, tc := range []struct {
		name, sql string
		want      []string // nothing is wrong when there are none
	}{
		{"that_fits", "SELECT 'a' AS name, 'b' AS note WHERE false", nil},
		{"with_a_column_more", "SELECT 'a' AS name, 'b' AS note, 1 AS nonsense WHERE false", []string{"columns without a field: nonsense"}},
		{"with_a_column_less", "SELECT 'a' AS name WHERE false", []string{"fields without a column: Note (column note)"}},
		{"with_a_column_twice", "SELECT 'a' AS name, 'b' AS note, 'c' AS name WHERE false", []string{"come twice: name"}},
		{"of_another_type", "SELECT 'a' AS name, 1 AS note WHERE false", []string{"note", "int4", "string"}},
		{"of_a_change", "DELETE FROM counters RETURNING name", []string{"fields without a column: Note"}},
		{"and_no_columns", "DELETE FROM counters", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for _, round := range []string{"cold", "warm"} {
				s := k.Engine.Session()
				rows, err := retort.SQL[row](tc.sql).All(ctx, s)
				_, one := retort.SQL[row](tc.sql).One(ctx, s)
				if len(tc.want) == 0 {
					if err != nil || rows == nil || len(rows) != 0 || !errors.Is(one, retort.ErrNotFound) {
						t.Errorf("%s: got %v, %v and %v", round, rows, err, one)
					}
				} else {
					wantErr(t, err, nil, append(tc.want, "retort: SQL: ")...)
					if one == nil || errors.Is(one, retort.ErrNotFound) {
						t.Errorf("%s: One says %v", round, one)
					}
				}
				must(t, s.Close(ctx))
			}
		})
	}
	t.Run("takes_one_round_trip", func(t *testing.T) {
		t.Parallel()
		k := retorttest.New(t, library)
		s := k.Engine.Session()
		defer s.Close(ctx)
		_ = val(s.Exec(ctx, "SELECT 1"))(t)
		for range 2 { // cold and warm
			k.WantTrips(t, 1, func() {
				_ = val(retort.SQL[row]("SELECT 'a' AS name, 'b' AS note WHERE false").All(ctx, s))(t)
			})
		}
	})
	t.Run("of_a_single_value_wants_one_column", func(t *testing.T) {
		t.Parallel()
		_, err := rawAll[int](ctx, k.Engine, "SELECT 1, 2 WHERE false")
		wantErr(t, err, nil, "2 columns")
	})
}

func TestRawOne(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, library)
	s := k.Engine.Session()
	defer s.Close(context.Background())
	one := func(rows int) error {
		_, err := retort.SQL[int]("SELECT g FROM generate_series(1, $1::int) g", rows).ReadOnly().One(t.Context(), s)
		return err
	}
	if err := one(0); !errors.Is(err, retort.ErrNotFound) {
		t.Errorf("no row: %v", err)
	}
	must(t, one(1))
	if err := one(100000); !errors.Is(err, retort.ErrTooMany) || !strings.Contains(err.Error(), "100000") {
		t.Errorf("many rows: %v", err)
	}
}

func TestRawDDLRidesInTheTransaction(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, library)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	for _, sql := range []string{"CREATE TABLE notes (id int PRIMARY KEY, text text)", "INSERT INTO notes SELECT g, 'x' FROM generate_series(1, 3) g", "ALTER TABLE notes ADD seen bool"} {
		_, err := s.Exec(ctx, sql)
		must(t, err)
	}
	type note struct {
		ID   int
		Text string
		Seen *bool
	}
	rows, err := retort.SQL[note]("DELETE FROM notes WHERE id < 3 RETURNING *").All(ctx, s)
	must(t, err)
	if diff := cmp.Diff([]note{{1, "x", nil}, {2, "x", nil}}, rows); diff != "" {
		t.Error(diff)
	}
	n, err := s.Exec(ctx, "UPDATE notes SET seen = true")
	must(t, err)
	if n != 1 {
		t.Errorf("%d rows", n)
	}
	must(t, s.Rollback(ctx))
	if got := k.QueryString(t, "SELECT to_regclass('notes') IS NULL"); got != "t" {
		t.Error("the table survived the rollback")
	}
}

// TestRawHugeResults reads what does not fit a buffer.
func TestRawHugeResults(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, library)
	type row struct {
		N    int
		Text string
	}
	rows, err := rawAll[row](t.Context(), k.Engine, "SELECT g AS n, repeat('x', g % 100) AS text FROM generate_series(1, 30000) g")
	must(t, err)
	if len(rows) != 30000 || rows[29999].N != 30000 || len(rows[98].Text) != 99 {
		t.Errorf("%d rows", len(rows))
	}
	big := bytes.Repeat([]byte("ab\x00"), 3<<20)
	back, err := rawAll[[]byte](t.Context(), k.Engine, "SELECT $1::bytea", big)
	must(t, err)
	if !bytes.Equal(back[0], big) {
		t.Error("9 MB came back changed")
	}
	list := make([]int64, 70000)
	for i := range list {
		list[i] = int64(i)
	}
	n, err := rawAll[int](t.Context(), k.Engine, "SELECT count(*) FROM unnest($1::bigint[])", list)
	must(t, err)
	if n[0] != len(list) {
		t.Errorf("%d elements arrived", n[0])
	}
}
