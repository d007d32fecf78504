package retort_test

import (
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// Twig belongs to a table of somebody else, which has no foreign key to it.
type Twig struct {
	retort.BigintKey
	OakID int64
	Oak   retort.One[Oak] `json:"oak,omitzero"`
}

// Oak may be gone.
type Oak struct {
	retort.BigintKey
	Name  string
	Twigs retort.Many[Twig] `json:"-"`
}

func (Twig) Define(d *retort.Definition[Twig]) { retort.BelongsTo(d, &d.C.Oak, oaks, &d.C.OakID) }

func (Oak) Define(d *retort.Definition[Oak]) {
	retort.HasMany(d, &d.C.Twigs, twigs, func(l *Twig) *int64 { return &l.OakID })
}

var (
	oaks  = retort.NewTable[Oak]("oaks")
	twigs = retort.NewTable[Twig]("twigs")
	grove = retort.NewBase(oaks, twigs)
)

// TestReferenceToAMissingRow: what was looked for and is not there is known.
func TestReferenceToAMissingRow(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	k := retorttest.New(t, grove)
	k.Exec(t, "INSERT INTO oaks (name) VALUES ('oak')")
	k.Exec(t, "INSERT INTO twigs (oak_id) VALUES (7), (1)")
	for name, read := range map[string]func(s *retort.Session) ([]*Twig, error){
		"With": func(s *retort.Session) ([]*Twig, error) { return twigs.With(&twigs.C.Oak).All(ctx, s) },
		"With in a transaction": func(s *retort.Session) ([]*Twig, error) {
			if _, err := s.Exec(ctx, "SELECT 1"); err != nil {
				return nil, err
			}
			return twigs.With(&twigs.C.Oak).All(ctx, s)
		},
		"With of what the session has": func(s *retort.Session) ([]*Twig, error) {
			if _, err := twigs.Query().All(ctx, s); err != nil {
				return nil, err
			}
			return twigs.With(&twigs.C.Oak).All(ctx, s)
		},
		"LoadRelated": func(s *retort.Session) ([]*Twig, error) {
			rows, err := twigs.Query().All(ctx, s)
			if err != nil {
				return nil, err
			}
			return rows, retort.LoadRelated(ctx, s, rows, &twigs.C.Oak)
		},
		"With of a relation": func(s *retort.Session) ([]*Twig, error) {
			rows, err := twigs.With(retort.Load(&twigs.C.Oak).With(retort.Load(&oaks.C.Twigs).With(&twigs.C.Oak))).All(ctx, s)
			return rows, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := k.Engine.Session()
			defer s.Close(ctx)
			rows, err := read(s)
			must(t, err)
			if got, err := rows[0].Oak.Get(); got != nil || err != nil {
				t.Errorf("got %v, %v; want none", got, err)
			}
			if got := shown(t, rows[0]); got != `{"id":1,"OakID":7,"oak":null}` {
				t.Errorf("got %s", got)
			}
			if got, err := rows[1].Oak.Get(); err != nil || got.Name != "oak" {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

// TestReferenceThatTheSessionKnowsOtherwise: a query finds another reference in the row than the object
// has that the session read before. Nothing is known of what that one refers to.
func TestReferenceThatTheSessionKnowsOtherwise(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	k := retorttest.New(t, grove)
	for name, query := range map[string]*retort.Query[Twig]{
		"plain":          twigs.With(&twigs.C.Oak),
		"with condition": twigs.With(retort.Load(&twigs.C.Oak).Where(retort.Ne(&oaks.C.Name, "oak"))),
	} {
		t.Run(name, func(t *testing.T) {
			k.Exec(t, "TRUNCATE oaks, twigs RESTART IDENTITY")
			k.Exec(t, "INSERT INTO oaks (name) VALUES ('oak'), ('elm')")
			k.Exec(t, "INSERT INTO twigs (oak_id) VALUES (2)")
			s := k.Engine.Session()
			defer s.Close(ctx)
			before, err := twigs.Query().One(ctx, s)
			must(t, err)
			k.Exec(t, "UPDATE twigs SET oak_id = 1")
			twig, err := query.One(ctx, s)
			must(t, err)
			if twig != before || twig.OakID != 2 {
				t.Fatalf("%+v", twig)
			}
			_, err = twig.Oak.Get()
			wantErr(t, err, retort.ErrNotLoaded, "Twig.Oak")
		})
	}
}
