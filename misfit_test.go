package retort_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest"
)

func wantText(t *testing.T, what string, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error", what)
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%s: no %q in\n%v", what, part, err)
		}
	}
}

func TestMisfits_are_named_at_first_use(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, woodland)
	ctx := t.Context()
	first := newFrond()
	commit(t, k.Engine, first)
	must(t, k.Engine.Verify(ctx))
	read := func() error {
		s := k.Engine.Session()
		defer s.Close(ctx)
		_, err := fronds.Where(retort.Gt(&fronds.C.ID, 0)).All(ctx, s)
		return err
	}
	must(t, read())

	k.Exec(t, `ALTER TYPE app."Mood" ADD VALUE 's3cret'`)
	k.Exec(t, "UPDATE app.fronds SET mood = 's3cret'")
	err := read()
	wantText(t, "unknown label", err, "column mood", "the enum app.Mood that the program does not list", "NewEnum")
	var value *retort.ValueError
	if !errors.As(err, &value) || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("%v", err)
	}
	k.Exec(t, "UPDATE app.fronds SET mood = 'glad', moods = '{glad,s3cret}'")
	wantText(t, "unknown label in an array", read(), "column moods", "does not list")
	k.Exec(t, "UPDATE app.fronds SET moods = '{}'")
	must(t, read())

	k.Exec(t, "ALTER TABLE app.fronds ALTER plain TYPE integer USING 1")
	wantText(t, "another type", read(), `table "app.fronds" does not fit its model`, "column plain (declared app.isbn) came as int4, which string cannot hold", "Engine.Verify")
	k.Exec(t, "CREATE EXTENSION ltree; ALTER TABLE app.fronds ALTER plain TYPE ltree USING 'a.b'")
	_ = read() // its name is not known yet
	wantText(t, "a type that nobody registered", read(), "column plain (declared app.isbn) came as ltree, which string cannot hold")
	k.Exec(t, "ALTER TABLE app.fronds ALTER plain TYPE app.isbn USING 'x'; ALTER TABLE app.fronds ALTER moods TYPE text[]")
	must(t, read())

	k.Exec(t, "ALTER TABLE app.fronds DROP plain")
	wantText(t, "missing column of a read", read(), `table "app.fronds" (retort_test.Frond)`, `"plain"`, "Engine.Verify", "#column-mismatch")
	s := k.Engine.Session()
	defer s.Close(ctx)
	s.Add(newFrond())
	wantText(t, "missing column of an INSERT", s.Commit(ctx), "INSERT app.fronds", `"plain"`, "#column-mismatch")
	must(t, s.Rollback(ctx))
	_, err = retort.SQL[int]("SELECT nope FROM app.fronds").One(ctx, s)
	if err == nil || strings.Contains(err.Error(), "does not fit the model") {
		t.Errorf("the user's own mistake: %v", err)
	}
	must(t, s.Rollback(ctx))
	if err := k.Engine.Verify(ctx); err == nil {
		t.Error("Verify sees nothing")
	}
	k.Exec(t, "DROP TABLE app.fronds")
	wantText(t, "missing table", read(), `table "app.fronds" (retort_test.Frond)`)
}

func TestOwnTypes_that_are_made_again(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, woodland)
	ctx := t.Context()
	commit(t, k.Engine, newFrond())
	k.Exec(t, "ALTER TABLE app.fronds DROP place, DROP places, DROP nowhere, DROP stars; DROP TYPE place; DROP DOMAIN stars")
	s := k.Engine.Session()
	defer s.Close(ctx)
	k.Exec(t, "DROP TABLE app.fronds; DROP EXTENSION IF EXISTS ltree; DROP TYPE app.\"Mood\"")
	must(t, woodland.CreateAll(ctx, k.Engine))
	want := newFrond()
	commit(t, k.Engine, want)
	for range 3 { // guessed, learned, known
		s := k.Engine.Session()
		got, err := fronds.Get(ctx, s, want.ID)
		must(t, err)
		if got.Place.Street != want.Place.Street || !slices.Equal(got.Moods, want.Moods) {
			t.Errorf("got %+v", got)
		}
		must(t, s.Close(ctx))
	}
	if n := k.RoundTrips(func() {
		s := k.Engine.Session()
		_, err := fronds.Get(ctx, s, want.ID)
		must(t, err)
		must(t, s.Close(ctx))
	}); n != 1 {
		t.Errorf("%d round trips when everything is known", n)
	}
}

func TestOwnTypes_that_are_missing(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, woodland)
	ctx := t.Context()
	k.Exec(t, "DROP TABLE app.fronds; DROP TYPE place; DROP TYPE floatspan")
	s := k.Engine.Session()
	defer s.Close(ctx)
	_, err := retort.SQL[Place]("SELECT $1::place", newFrond().Place).One(ctx, s)
	wantText(t, "a type that is gone", err, `type "place" does not exist`, "place (Base.CreateAll creates it)", "floatspan (", "#missing-type")
	if pgerr.Code(err) != "42704" {
		t.Errorf("the server's error is lost: %v", err)
	}
	must(t, s.Rollback(ctx))
	must(t, woodland.CreateAll(ctx, k.Engine))
	got, err := retort.SQL[Place]("SELECT $1::place", newFrond().Place).One(ctx, s)
	if err != nil || got.Street != newFrond().Place.Street {
		t.Errorf("%+v, %v", got, err)
	}
}
