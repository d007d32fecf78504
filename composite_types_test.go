package retort_test

import (
	"bytes"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// Site is one by its place.
type Site struct {
	Place Place
	Note  string
}

// Define makes the place the key.
func (Site) Define(d *retort.Definition[Site]) { d.PrimaryKey(&d.C.Place) }

func TestCompositesAreKeys(t *testing.T) {
	t.Parallel()
	sites := retort.NewTable[Site]("sites")
	place := newFrond().Place
	k := retorttest.New(t, retort.NewBase(sites, moods, retort.NewDomain("app.isbn", "text").For(ISBN("")).Create("CREATE DOMAIN app.isbn AS text"),
		retort.NewComposite[Place]("place", nil).Create(`CREATE TYPE place AS (street text, zip app.isbn, mood app."Mood", floor integer)`)))
	ctx := t.Context()
	commit(t, k.Engine, &Site{Place: place})
	s := k.Engine.Session()
	defer s.Close(ctx)
	site, err := sites.Get(ctx, s, place)
	must(t, err)
	site.Note = "seen"
	must(t, s.Commit(ctx))
	c := sites.C
	found, created, err := retort.GetOrCreate(ctx, s, sites.Insert(&Site{Place: place}).OnConflict(&c.Place))
	if must(t, err); created || found != site || found.Note != "seen" {
		t.Errorf("%v, created: %v", found, created)
	}
	var out bytes.Buffer
	rows, err := retort.Values(sites.Where(retort.In(&c.Place, []Place{place}), retort.Eq(&c.Place, place)), retort.Col(&c.Note)).CopyTo(ctx, s, &out, retort.CopyCSV)
	if must(t, err); rows != 1 {
		t.Errorf("COPY gave %d rows", rows)
	}
	s.Delete(site)
	must(t, s.Commit(ctx))
}
