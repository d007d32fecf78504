package retort_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// Login has what nobody may read in a log.
type Login struct {
	retort.BigintKey
	Name   string
	Token  string
	Backup *string
	Codes  []string
}

var Logins = retort.NewTable[Login]("logins")

func (Login) Define(d *retort.Definition[Login]) {
	d.Column(&d.C.Token).Secret()
	d.Column(&d.C.Backup).Secret()
	d.Column(&d.C.Codes).Secret()
}

// paramTracer keeps the parameters that a tracer of pgx is told.
type paramTracer struct{ text bytes.Buffer }

func (p *paramTracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	fmt.Fprintln(&p.text, data.Args...)
	return ctx
}

func (*paramTracer) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// TestEcho_never_shows_the_values_of_a_secret_column, wherever Retort puts them, and
// shows those beside them.
func TestEcho_never_shows_the_values_of_a_secret_column(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	var tracer paramTracer
	kit := retorttest.New(t, retort.NewBase(Logins), func(c *retort.Config) {
		c.Echo, c.EchoParams, c.Logger, c.PgxTracer = true, true, slog.New(slog.NewTextHandler(&text, nil)), &tracer
	})
	ctx, s := t.Context(), kit.Engine.Session()
	defer func() { must(t, s.Close(ctx)) }()
	const hidden = "hush"
	word := func(n int) string { return fmt.Sprintf("%s-%d", hidden, n) }
	backup := word(0)
	one := &Login{Name: "first", Token: word(1), Backup: &backup, Codes: []string{word(2)}}
	s.Add(one)
	must(t, s.Flush(ctx))
	for n := range 3 {
		s.Add(&Login{Name: fmt.Sprintf("many %d", n), Token: word(n), Backup: &backup})
	}
	must(t, s.Flush(ctx))
	one.Token = word(3)
	must(t, s.Flush(ctx))
	c := Logins.C
	for _, where := range []retort.Predicate{
		retort.Eq(&c.Token, word(3)), retort.In(&c.Token, []string{word(4)}), retort.HasPrefix(&c.Token, hidden), retort.Eq(&c.Backup, &backup),
		retort.ILike(&c.Token, hidden), retort.Lower(retort.Col(&c.Token)).Eq(word(7)), retort.HasElement(&c.Codes, word(8)),
		retort.Concat(retort.Col(&c.Token), retort.Val(word(9))).IsNotNull(),
	} {
		_, err := Logins.Where(where, retort.Eq(&c.Name, "beside")).All(ctx, s)
		must(t, err)
	}
	var many []retort.Predicate // there is a bit for each of the first 63 only
	for range 66 {
		many = append(many, retort.Eq(&c.Name, "beside"))
	}
	many = append(many, retort.Eq(&c.Token, word(6)))
	_, err := Logins.Where(retort.Or(many...)).All(ctx, s)
	must(t, err)
	_, err = Logins.Update(retort.Set(&c.Token, word(5))).Where(retort.Eq(&c.ID, -1)).Exec(ctx, s)
	must(t, err)
	_, err = Logins.Update(retort.SetExpr(&c.Token, retort.Concat(retort.Val(word(5)), retort.Col(&c.Name)))).Where(retort.Eq(&c.ID, -1)).Exec(ctx, s)
	must(t, err)
	_, err = Logins.Where(retort.Eq(&c.ID, -1)).OrderBy(retort.Lower(retort.Coalesce(retort.Trim(retort.Col(&c.Token)), word(6))).Asc()).All(ctx, s)
	must(t, err)
	must(t, s.Commit(ctx))
	for name, shown := range map[string]string{"the log": text.String(), "the tracer": tracer.text.String()} {
		if strings.Contains(shown, hidden) {
			t.Errorf("%s has a secret:\n%s", name, shown)
		}
		for _, want := range []string{"(secret)", "first", "beside", "-1"} {
			if !strings.Contains(shown, want) {
				t.Errorf("%s has no %q:\n%s", name, want, shown)
			}
		}
	}
	if got := kit.QueryInt(t, "SELECT count(*) FROM logins WHERE token LIKE 'hush-%'"); got != 4 {
		t.Errorf("%d rows have their tokens", got)
	}
}

// TestASecretDoesNotNameAPartialIndex: the values that name one stand in the SQL.
func TestASecretDoesNotNameAPartialIndex(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	kit := retorttest.New(t, retort.NewBase(Logins), func(c *retort.Config) {
		c.Echo, c.Logger = true, slog.New(slog.NewTextHandler(&text, nil))
	})
	kit.Exec(t, "CREATE UNIQUE INDEX ON logins (name) WHERE token <> ''")
	ctx, s := t.Context(), kit.Engine.Session()
	defer func() { must(t, s.Close(ctx)) }()
	c := Logins.C
	insert := func(where retort.Predicate) error {
		_, err := Logins.Insert(&Login{Name: "one", Token: "t"}).OnConflict(&c.Name).Where(where).DoNothing().Exec(ctx, s)
		return err
	}
	for _, where := range []retort.Predicate{
		retort.Ne(&c.Token, "hush"), retort.Not(retort.In(&c.Token, []string{"hush"})), retort.HasPrefix(&c.Token, "hush"), retort.Col(&c.Token).NeExpr(retort.Val("hush")),
		retort.ILike(&c.Token, "hush"),
	} {
		wantErr(t, insert(where), nil, "is of a secret column")
	}
	must(t, insert(retort.Is(retort.Fragment[bool]("$1 <> ''", &c.Token))))
	if strings.Contains(text.String(), "hush") {
		t.Errorf("the log has a secret:\n%s", text.String())
	}
}
