package retort_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/retorttest"
)

// Heirloom is a table that somebody filled with NULLs.
type Heirloom struct {
	retort.BigintKey
	Name  string
	Count int
	At    time.Time
	Tags  []string
	Doc   map[string]any
	Mood  Mood
	Limit string
	Last  int
}

func (Heirloom) Define(d *retort.Definition[Heirloom]) {
	d.Column(&d.C.Name).NullAsZero()
	d.Column(&d.C.Count).NullAsZero()
	d.Column(&d.C.At).NullAsZero()
	d.Column(&d.C.Tags).NullAsZero()
	d.Column(&d.C.Doc).NullAsZero()
	d.Column(&d.C.Mood).NullAsZero()
	d.Column(&d.C.Limit).Type("numeric(8,2)").NullAsZero()
}

func TestNullAsZero(t *testing.T) {
	t.Parallel()
	heirlooms := retort.NewTable[Heirloom]("heirlooms")
	k := retorttest.New(t, retort.NewBase(heirlooms, moods))
	ctx := t.Context()
	k.Exec(t, "INSERT INTO heirlooms (id, last) VALUES (1000, 7)")
	s := k.Engine.Session()
	defer s.Close(ctx)
	got, err := heirlooms.Get(ctx, s, int64(1000))
	must(t, err)
	if diff := cmp.Diff(&Heirloom{BigintKey: retort.BigintKey{ID: 1000}, Last: 7}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if n := k.RoundTrips(func() { must(t, s.Commit(ctx)) }); n != 0 {
		t.Errorf("what was read counts as changed: %d round trips", n)
	}
	got.Last = 8
	must(t, s.Commit(ctx))
	nulls := "SELECT num_nulls(name, count, at, tags, doc, mood, \"limit\") FROM heirlooms WHERE id = $1"
	if n := k.QueryInt(t, nulls, 1000); n != 7 {
		t.Errorf("%d NULLs after an UPDATE of another column", n)
	}
	got.Name, got.Count = "x", 3
	must(t, s.Commit(ctx))
	got.Name, got.Count = "", 0
	must(t, s.Commit(ctx))
	if n := k.QueryInt(t, nulls, 1000); n != 5 {
		t.Errorf("%d NULLs after fields were set and emptied", n)
	}
	fresh := &Heirloom{Mood: Glad, Limit: "0"}
	commit(t, k.Engine, fresh)
	if n := k.QueryInt(t, nulls, fresh.ID); n != 0 {
		t.Errorf("an INSERT wrote %d NULLs", n)
	}

	k.Exec(t, "ALTER TABLE heirlooms ALTER last DROP NOT NULL; INSERT INTO heirlooms (id) VALUES (2000)")
	_, err = heirlooms.Get(ctx, s, int64(2000))
	var null *mapper.NullError
	if !errors.As(err, &null) || null.Column != "last" {
		t.Errorf("NULL without the option: %v", err)
	}
}

type wrongZero struct {
	retort.UUIDKey
	Name *string
}

func (wrongZero) Define(d *retort.Definition[wrongZero]) { d.Column(&d.C.Name).NullAsZero() }

func TestNullAsZero_refuses_pointers(t *testing.T) {
	t.Parallel()
	if text := baseError(t, retort.NewTable[wrongZero]("wrong")); !strings.Contains(text, "field Name: *string holds NULL itself; remove NullAsZero") {
		t.Error(text)
	}
}
