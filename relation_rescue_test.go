package retort_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/schema"
)

// Cart and Ware both own lines, which the database does not know.
type Cart struct {
	retort.BigintKey
	Lines retort.Many[CartLine]
}

// Ware is what a line is about.
type Ware struct {
	retort.BigintKey
	Lines retort.Many[CartLine]
}

// CartLine has two owners.
type CartLine struct {
	retort.BigintKey
	CartID, WareID int64
}

func (Cart) Define(d *retort.Definition[Cart]) {
	retort.HasMany(d, &d.C.Lines, cartLines, func(l *CartLine) *int64 { return &l.CartID }).OnRemove(schema.Cascade)
}

func (Ware) Define(d *retort.Definition[Ware]) {
	retort.HasMany(d, &d.C.Lines, cartLines, func(l *CartLine) *int64 { return &l.WareID }).OnRemove(schema.Cascade)
}

func (CartLine) Define(d *retort.Definition[CartLine]) {
	d.References(&d.C.CartID, &carts.C.ID)
	d.References(&d.C.WareID, &wares.C.ID)
}

var (
	carts     = retort.NewTable[Cart]("carts")
	wares     = retort.NewTable[Ware]("wares")
	cartLines = retort.NewTable[CartLine]("cart_lines")
	shopping  = retort.NewBase(carts, wares, cartLines)
)

// TestRescue takes deletions back when a flush has seen to the rows of the deleted
// objects, but has not written them.
func TestRescue(t *testing.T) {
	t.Parallel()
	b := blogBench(t)
	ctx := t.Context()
	ended, cancel := contextDone()
	cancel()
	// A failed flush first, or a hook of the flush itself.
	when := map[string]func(s *retort.Session, rescue func()) error{
		"behind_a_flush_that_failed": func(s *retort.Session, rescue func()) error {
			wantErr(t, s.Flush(ended), context.Canceled)
			rescue()
			return s.Commit(ctx)
		},
		"in_BeforeFlush": func(s *retort.Session, rescue func()) error {
			s.Hook(retort.Hooks{BeforeFlush: func(context.Context, *retort.Session, *retort.Changes) error { rescue(); return nil }})
			return s.Commit(ctx)
		},
	}
	by := map[string]func(*retort.Session, ...any){"Add": (*retort.Session).Add, "Detach": (*retort.Session).Detach}
	for name, act := range when {
		t.Run("its_rows_stay_"+name, func(t *testing.T) {
			for call, keep := range by {
				b.Exec(t, "TRUNCATE blogs, people CASCADE")
				b.Exec(t, "DELETE FROM comments")
				commit(t, b.Engine, &Blog{Name: "one", Posts: retort.ManyOf(&Essay{Title: "a", Comments: retort.ManyOf(&Comment{Text: "1"}, &Comment{Text: "2"})})})
				commit(t, b.Engine, &Person{Name: "boss", Reports: retort.ManyOf(&Person{Name: "a report"})})
				s := b.session(t)
				p, err := essays.With(&essays.C.Comments).One(ctx, s)
				must(t, err)
				boss, err := people.With(&people.C.Reports).Where(retort.Eq(&people.C.Name, "boss")).One(ctx, s)
				must(t, err)
				reports, err := boss.Reports.All()
				must(t, err)
				must(t, p.Comments.Append(&Comment{Text: "3"}))
				s.Delete(p, boss)
				must(t, act(s, func() { keep(s, p, boss) }))
				if got := b.Rows(t, "SELECT c.text FROM comments c JOIN posts p ON p.id = c.post_id ORDER BY 1"); !cmp.Equal(got, []string{"1", "2", "3"}) {
					t.Errorf("%s: comments %v", call, got)
				}
				if held, err := reports[0].Boss.Get(); reports[0].BossID == nil || *reports[0].BossID != boss.ID || call == "Add" && (held != boss || err != nil) {
					t.Errorf("%s: the report's boss is %v, %v", call, held, err)
				}
				if n := b.QueryInt(t, "SELECT count(*) FROM people WHERE boss_id = $1", boss.ID); n != 1 {
					t.Errorf("%s: %d reports", call, n)
				}
			}
		})
		t.Run("what_the_program_wants_of_the_rows_stays_"+name, func(t *testing.T) {
			b.Exec(t, "TRUNCATE blogs, people CASCADE")
			b.Exec(t, "DELETE FROM comments")
			commit(t, b.Engine, &Blog{Name: "one", Posts: retort.ManyOf(&Essay{Title: "a", Comments: retort.ManyOf(&Comment{Text: "1"}, &Comment{Text: "2"})})})
			commit(t, b.Engine, &Person{Name: "boss", Reports: retort.ManyOf(&Person{Name: "removed"}, &Person{Name: "moved"}, &Person{Name: "kept"})})
			s := b.session(t)
			p, err := essays.With(&essays.C.Comments).One(ctx, s)
			must(t, err)
			boss, err := people.With(&people.C.Reports).Where(retort.Eq(&people.C.Name, "boss")).One(ctx, s)
			must(t, err)
			said, err := p.Comments.All()
			must(t, err)
			reports, err := boss.Reports.All()
			must(t, err)
			of := make(map[string]*Person)
			for _, r := range reports {
				of[r.Name] = r
			}
			s.Delete(p, boss)
			must(t, act(s, func() {
				s.Delete(said[0])
				must(t, boss.Reports.Remove(of["removed"]))
				of["moved"].BossID = &of["kept"].ID
				s.Add(p, boss)
			}))
			if got := b.Rows(t, "SELECT text FROM comments"); !cmp.Equal(got, []string{said[1].Text}) {
				t.Errorf("comments %v", got)
			}
			want := []string{"boss: ", "kept: boss", "moved: kept", "removed: "}
			if got := b.Rows(t, "SELECT p.name || ': ' || coalesce(o.name, '') FROM people p LEFT JOIN people o ON o.id = p.boss_id ORDER BY 1"); !cmp.Equal(got, want) {
				t.Errorf("people %v", got)
			}
		})
	}
	t.Run("a_row_that_another_deleted_object_owns_too_goes_with_that_one", func(t *testing.T) {
		t.Parallel()
		k := retorttest.New(t, shopping)
		k.Exec(t, "INSERT INTO carts DEFAULT VALUES; INSERT INTO wares DEFAULT VALUES; INSERT INTO cart_lines (cart_id, ware_id) VALUES (1, 1)")
		s := k.Engine.Session()
		defer s.Close(ctx)
		cart, err := carts.With(&carts.C.Lines).One(ctx, s)
		must(t, err)
		ware, err := wares.With(&wares.C.Lines).One(ctx, s)
		must(t, err)
		s.Delete(cart, ware)
		wantErr(t, s.Flush(ended), context.Canceled)
		s.Add(cart)
		must(t, s.Commit(ctx))
		if got := k.Rows(t, "SELECT 'cart' FROM carts UNION ALL SELECT 'ware' FROM wares UNION ALL SELECT 'line' FROM cart_lines"); !cmp.Equal(got, []string{"cart"}) {
			t.Errorf("left are %v", got)
		}
	})
	t.Run("of_an_object_whose_rows_refused_it", func(t *testing.T) {
		b.Exec(t, "TRUNCATE blogs, people CASCADE")
		commit(t, b.Engine, &Blog{Name: "one", Posts: retort.ManyOf(&Essay{Title: "a"})})
		s := b.session(t, retort.TxOptions{NoAutoflush: true})
		p, err := essays.Query().One(ctx, s)
		must(t, err)
		s.Delete(p)
		wantErr(t, s.Flush(ctx), nil, "LoadRelated")
		s.Add(p)
		must(t, retort.LoadRelated(ctx, s, []*Essay{p}, &essays.C.Comments))
		s.Delete(p)
		must(t, s.Commit(ctx))
	})
}
