package retort_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/retort-go/retort"
)

// unwritten is what the tests below change, without a flush.
type unwritten struct {
	s        *retort.Session
	one, two *Blog
	a, b, x  *Essay // a and b of one, x of two
	ann, bob *Person
	red      []*Setting
	tea, cup *Label // tea of a
}

func readUnwritten(t *testing.T, b bench) *unwritten {
	t.Helper()
	ctx := t.Context()
	s := b.session(t, retort.TxOptions{NoAutoflush: true})
	all, err := blogs.OrderBy(retort.Asc(&blogs.C.Name)).All(ctx, s)
	must(t, err)
	posts, err := essays.OrderBy(retort.Asc(&essays.C.Title)).All(ctx, s)
	must(t, err)
	persons, err := people.OrderBy(retort.Asc(&people.C.ID)).All(ctx, s)
	must(t, err)
	red, err := blogSettings.Query().All(ctx, s)
	must(t, err)
	labels, err := tagTable.OrderBy(retort.Asc(&tagTable.C.Name)).All(ctx, s)
	must(t, err)
	return &unwritten{s, all[0], all[1], posts[0], posts[1], posts[2], persons[0], persons[1], red, labels[1], labels[0]}
}

// load reads all relations.
func (u *unwritten) load(ctx context.Context, t *testing.T) {
	t.Helper()
	must(t, retort.LoadRelated(ctx, u.s, []*Blog{u.one, u.two}, &blogs.C.Posts, &blogs.C.Setting))
	must(t, retort.LoadRelated(ctx, u.s, []*Essay{u.a, u.b, u.x}, &essays.C.Author, &essays.C.Labels, &essays.C.Comments, &essays.C.Blog))
	must(t, retort.LoadRelated(ctx, u.s, []*Person{u.ann, u.bob}, &people.C.Posts, &people.C.Friends, &people.C.Boss))
	must(t, retort.LoadRelated(ctx, u.s, []*Label{u.tea, u.cup}, &tagTable.C.Posts))
	must(t, retort.LoadRelated(ctx, u.s, u.red, &blogSettings.C.Blog))
}

func called[T any](t *testing.T, rows []*T, err error, name func(*T) string) string {
	t.Helper()
	must(t, err)
	var out []string
	for _, r := range rows {
		if r == nil {
			out = append(out, "none")
			continue
		}
		out = append(out, name(r))
	}
	slices.SortFunc(out, cmp.Compare)
	return strings.Join(out, ",")
}

// describe is what all relations hold.
func (u *unwritten) describe(t *testing.T) string {
	t.Helper()
	title, name, label := func(p *Essay) string { return p.Title }, func(p *Person) string { return p.Name }, func(l *Label) string { return l.Name }
	blog, color := func(b *Blog) string { return b.Name }, func(s *Setting) string { return s.Color }
	var out []string
	for _, b := range []*Blog{u.one, u.two} {
		rows, err := b.Posts.All()
		set, err2 := b.Setting.Get()
		out = append(out, b.Name+" has "+called(t, rows, err, title)+" in "+called(t, []*Setting{set}, err2, color))
	}
	for _, p := range []*Essay{u.a, u.b, u.x} {
		author, err := p.Author.Get()
		labels, err2 := p.Labels.All()
		remarks, err3 := p.Comments.All()
		of, err4 := p.Blog.Get()
		out = append(out, p.Title+" of "+called(t, []*Blog{of}, err4, blog)+" by "+called(t, []*Person{author}, err, name)+
			" as "+called(t, labels, err2, label)+" with "+called(t, remarks, err3, func(c *Comment) string { return c.Text }))
	}
	for _, p := range []*Person{u.ann, u.bob} {
		rows, err := p.Posts.All()
		friends, err2 := p.Friends.All()
		boss, err3 := p.Boss.Get()
		out = append(out, p.Name+" wrote "+called(t, rows, err, title)+" for "+called(t, []*Person{boss}, err3, name)+" knows "+called(t, friends, err2, name))
	}
	for _, l := range []*Label{u.tea, u.cup} {
		rows, err := l.Posts.All()
		out = append(out, l.Name+" on "+called(t, rows, err, title))
	}
	return strings.Join(out, "\n")
}

// TestUnwrittenChangesOfRelations reads relations while changes of theirs are not written: they hold what the
// flush will make of them.
func TestUnwrittenChangesOfRelations(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(u *unwritten) error{
		"a new row":                      func(u *unwritten) error { return u.one.Posts.Append(essay("z")) },
		"a row of another":               func(u *unwritten) error { return u.one.Posts.Append(u.x) },
		"a row by its other end":         func(u *unwritten) error { return u.x.Blog.Set(u.one) },
		"a row by its column":            func(u *unwritten) error { u.x.BlogID = u.one.ID; return nil },
		"a new row by its column":        func(u *unwritten) error { u.s.Add(&Essay{BlogID: u.one.ID, Title: "z"}); return nil },
		"a row that loses its reference": func(u *unwritten) error { return u.ann.Posts.Remove(u.a) },
		"a row that is removed and put": func(u *unwritten) error {
			if err := u.ann.Posts.Remove(u.a); err != nil {
				return err
			}
			return u.bob.Posts.Append(u.a)
		},
		"rows in another's place": func(u *unwritten) error { return u.ann.Posts.Replace(u.b, u.x) },
		"a row that is deleted by its removal": func(u *unwritten) error {
			rows, err := u.a.Comments.All()
			if err != nil {
				return err
			}
			return u.a.Comments.Remove(rows[0])
		},
		"a has-one":                    func(u *unwritten) error { return u.one.Setting.Set(&Setting{Color: "blue"}) },
		"a has-one that is taken away": func(u *unwritten) error { return u.one.Setting.Set(nil) },
		"a has-one that moves":         func(u *unwritten) error { return u.two.Setting.Set(u.red[0]) },
		"a has-one by its other end":   func(u *unwritten) error { return u.red[0].Blog.Set(u.two) },
		"a link":                       func(u *unwritten) error { return u.a.Labels.Append(u.cup, &Label{Name: "zoo"}) },
		"a link from its other end":    func(u *unwritten) error { return u.cup.Posts.Append(u.a, u.x) },
		"a link that goes":             func(u *unwritten) error { return u.a.Labels.Remove(u.tea) },
		"a link that goes and comes": func(u *unwritten) error {
			if err := u.a.Labels.Remove(u.tea); err != nil {
				return err
			}
			return u.tea.Posts.Append(u.a)
		},
		"a link that comes and goes": func(u *unwritten) error {
			if err := u.a.Labels.Append(u.cup); err != nil {
				return err
			}
			if err := retort.LoadRelated(context.Background(), u.s, []*Essay{u.a}, &essays.C.Labels); err != nil {
				return err
			}
			if err := retort.LoadRelated(context.Background(), u.s, []*Label{u.cup}, &tagTable.C.Posts); err != nil {
				return err
			}
			return u.a.Labels.Remove(u.cup)
		},
		"a link to itself":   func(u *unwritten) error { return u.ann.Friends.Append(u.ann, u.bob) },
		"a reference to new": func(u *unwritten) error { return u.a.Author.Set(&Person{Name: "cid"}) },
		"no reference":       func(u *unwritten) error { return u.a.Author.Set(nil) },
		"a deleted row": func(u *unwritten) error {
			rows, err := u.a.Comments.All()
			for _, c := range rows {
				u.s.Delete(c)
			}
			return err
		},
	} {
		for _, before := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, loaded before is %t", name, before), func(t *testing.T) {
				t.Parallel()
				ctx := t.Context()
				b := unwrittenBench(t)
				u := readUnwritten(t, b)
				if before {
					u.load(ctx, t)
				}
				if err := change(u); !before && errors.Is(err, retort.ErrNotLoaded) {
					t.SkipNow() // it needs what was loaded
				} else {
					must(t, err)
				}
				u.load(ctx, t)
				u.load(ctx, t)
				after := u.describe(t)
				must(t, u.s.Commit(ctx))
				if got := u.describe(t); got != after {
					t.Errorf("with the commit\n%s\nbecame\n%s", after, got)
				}
				fresh := readUnwritten(t, b)
				fresh.load(ctx, t)
				if want := fresh.describe(t); after != want {
					t.Errorf("got\n%s\nwant\n%s", after, want)
				}
			})
		}
	}
}

// unwrittenBench has what [readUnwritten] reads.
func unwrittenBench(t *testing.T) bench {
	t.Helper()
	b := blogBench(t)
	commit(t, b.Engine, &Blog{Name: "1", Setting: retort.OneOf(&Setting{Color: "red"})}, &Blog{Name: "2"},
		&Person{Name: "ann"}, &Person{Name: "bob"}, &Label{Name: "cup"}, &Label{Name: "tea"})
	b.Exec(t, `INSERT INTO posts (id, blog_id, author_id, title, draft)
		SELECT gen_random_uuid(), b.id, p.id, t, false FROM blogs b, people p, (VALUES ('a', '1', 'ann'), ('b', '1', 'bob'), ('x', '2', 'bob')) v (t, bn, pn)
		WHERE b.name = bn AND p.name = pn`)
	b.Exec(t, `INSERT INTO post_labels SELECT id, 'tea' FROM posts WHERE title = 'a'`)
	b.Exec(t, `INSERT INTO comments (id, post_id, text) SELECT gen_random_uuid(), id, 'c' FROM posts`)
	return b
}

// TestUnwrittenChangesOfPartlyReadRelations: which new rows a condition lets pass only the server knows; those
// that the field has stay.
func TestUnwrittenChangesOfPartlyReadRelations(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	u := readUnwritten(t, unwrittenBench(t))
	must(t, u.one.Posts.Append(u.x, essay("y")))
	must(t, u.one.Open.Append(essay("z")))
	must(t, retort.LoadRelated(ctx, u.s, []*Blog{u.one}, retort.Load(&blogs.C.Posts).OrderBy(retort.Desc(&essays.C.Title)).Limit(1), &blogs.C.Open))
	if got := headlines(t, &u.one.Posts) + "/" + headlines(t, &u.one.Open); got != "b x y/b a z" {
		t.Errorf("got %s", got)
	}
}
