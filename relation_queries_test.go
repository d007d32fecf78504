package retort_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/gofrs/uuid/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
)

// Whatever query reads the parents, With gives each of them what it has when its
// relations are loaded for it alone: with the rows in one statement or in
// several, inside a transaction and outside.
func TestWith_loads_the_rows_of_every_form_of_query(t *testing.T) {
	t.Parallel()
	b := blogBench(t)
	fillEight(t, b)
	for name, q := range essayQueries() {
		t.Run(name, func(t *testing.T) {
			plain := b.session(t)
			want := val(q.All(t.Context(), plain))(t)
			must(t, plain.Close(t.Context()))
			for place, opts := range map[string]retort.TxOptions{"alone": {}, "in a transaction": {}, "with one snapshot": {Isolation: retort.RepeatableRead}} {
				s := b.session(t, opts)
				if place == "in a transaction" {
					s.Add(&Person{Name: "new"})
					must(t, s.Flush(t.Context()))
				}
				got, err := q.With(everyRelation()...).All(t.Context(), s)
				if err != nil {
					t.Fatalf("%s: %v", place, err)
				}
				shown := drawn(got)
				must(t, s.Rollback(t.Context()))
				if diff := cmp.Diff(loadedAlone(t, b, want), shown); diff != "" {
					t.Errorf("%s (-each alone +With):\n%s", place, diff)
				}
			}
		})
	}
}

// The relations of an alias are named by its own fields, or by the table's.
func TestWith_takes_the_relations_of_an_alias(t *testing.T) {
	t.Parallel()
	b := blogBench(t)
	fillEight(t, b)
	other := essays.As("other")
	s := b.session(t)
	q := other.Where(retort.Eq(&other.C.Title, "p3"))
	p := val(q.With(&other.C.Blog, retort.Load(&other.C.Comments).Limit(1), &essays.C.Labels).One(t.Context(), s))(t)
	if blog, err := p.Blog.Get(); err != nil || blog.Name != "blog 0" {
		t.Errorf("%v, %v", blog, err)
	}
	if texts, err := p.Comments.All(); err != nil || len(texts) != 1 {
		t.Errorf("%d comments, %v", len(texts), err)
	}
	if labels, err := p.Labels.All(); err != nil || len(labels) != 1 {
		t.Errorf("%d labels, %v", len(labels), err)
	}
	_, err := essays.With(&other.C.Blog).All(t.Context(), s)
	wantErr(t, err, nil, "is not a relation of")
}

// All, Iter, Count, Exists and First read the same rows.
func TestEveryWayToReadAgrees(t *testing.T) {
	t.Parallel()
	b := blogBench(t)
	fillEight(t, b)
	for name, q := range essayQueries() {
		t.Run(name, func(t *testing.T) {
			ctx, s := t.Context(), b.session(t)
			all := val(q.All(ctx, s))(t)
			if n := val(q.Count(ctx, s))(t); n != int64(len(all)) {
				t.Errorf("Count says %d, All has %d", n, len(all))
			}
			if there := val(q.Exists(ctx, s))(t); there != (len(all) > 0) {
				t.Errorf("Exists says %v, All has %d", there, len(all))
			}
			var one []string
			for row, err := range q.Iter(ctx, s) {
				must(t, err)
				one = append(one, row.Title)
			}
			var titles []string
			for _, row := range all {
				titles = append(titles, row.Title)
			}
			if diff := cmp.Diff(titles, one); diff != "" {
				t.Errorf("(-All +Iter):\n%s", diff)
			}
			switch first, err := q.First(ctx, s); {
			case len(all) == 0:
				wantErr(t, err, retort.ErrNotFound)
			case err != nil || first.Title != all[0].Title:
				t.Errorf("First is %v, %v, and All begins with %s", first, err, all[0].Title)
			}
			must(t, s.Rollback(ctx))
		})
	}
}

// essayQueries are queries of every form.
func essayQueries() map[string]*retort.Query[Essay] {
	e, c, l := essays.C, comments.C, tagTable.C
	byTitle := func() *retort.Query[Essay] { return essays.OrderBy(retort.Asc(&e.Title)) }
	other := essays.As("other")
	return map[string]*retort.Query[Essay]{
		"all":                   byTitle(),
		"limit":                 byTitle().Limit(3),
		"limit 0":               byTitle().Limit(0),
		"offset":                byTitle().Offset(2).Limit(3),
		"offset alone":          byTitle().Offset(3),
		"after":                 byTitle().After("p2", uuid.Max).Limit(2),
		"where":                 byTitle().Where(retort.Eq(&e.Draft, false)),
		"join":                  byTitle().Join(comments, retort.EqCol(&c.PostID, &e.ID)),
		"join, limit":           byTitle().Join(comments, retort.EqCol(&c.PostID, &e.ID)).Limit(4),
		"join, distinct":        byTitle().Join(comments, retort.EqCol(&c.PostID, &e.ID)).Distinct(),
		"join, distinct, limit": byTitle().Join(comments, retort.EqCol(&c.PostID, &e.ID)).Distinct().Limit(3),
		"left join":             byTitle().LeftJoin(comments, retort.EqCol(&c.PostID, &e.ID)).Limit(5),
		"cross join":            byTitle().CrossJoin(tagTable).Where(retort.Eq(&l.Name, "l1")).Limit(3),
		"join to itself":        byTitle().Join(other, retort.EqCol(&other.C.BlogID, &e.BlogID)).Limit(6),
		"alias":                 other.OrderBy(retort.Asc(&other.C.Title)).Limit(3),
		"alias, join, distinct": other.OrderBy(retort.Asc(&other.C.Title)).Join(essays, retort.EqCol(&e.BlogID, &other.C.BlogID)).Distinct().Limit(3),
		"distinct":              byTitle().Distinct().Limit(3),
		"distinct on":           essays.Query().DistinctOn(&e.BlogID).OrderBy(retort.Asc(&e.BlogID), retort.Desc(&e.Title)),
		"distinct on, limit":    essays.Query().DistinctOn(&e.BlogID).OrderBy(retort.Asc(&e.BlogID), retort.Desc(&e.Title)).Limit(2),
		"group":                 byTitle().Join(comments, retort.EqCol(&c.PostID, &e.ID)).GroupBy(&e.ID).Having(retort.Count().Gt(1)).Limit(2),
		"for update":            byTitle().ForUpdate().Limit(3),
		"for update, skipping":  byTitle().ForUpdate(retort.SkipLocked()).Offset(1).Limit(2),
	}
}

// fillEight stores eight posts of three blogs, with every kind of relation, some of
// them empty.
func fillEight(t *testing.T, b bench) {
	t.Helper()
	s := b.session(t)
	var friends []*Person
	for _, name := range []string{"ann", "bob", "cid"} {
		p := &Person{Name: name}
		if len(friends) > 0 {
			must(t, p.Boss.Set(friends[0]))
			must(t, p.Friends.Append(friends...))
		}
		friends = append(friends, p)
		s.Add(p)
	}
	labels := []*Label{{Name: "l0"}, {Name: "l1"}, {Name: "l2"}}
	for i := range 3 {
		s.Add(labels[i])
		blog := &Blog{Name: fmt.Sprintf("blog %d", i), Watchers: retort.ManyOf(&Watching{}, &Watching{})}
		for k, w := range val(blog.Watchers.All())(t) {
			must(t, w.Person.Set(friends[(i+k)%3]))
		}
		s.Add(blog)
		for k := range 3 - i {
			p := essay(fmt.Sprintf("p%d", 3*k+i))
			p.Draft = k == 1
			must(t, p.Labels.Append(labels[:(i+k)%4]...))
			if k != 2 {
				must(t, p.Author.Set(friends[(i+k)%3]))
			}
			for n := range (i + 2*k) % 4 {
				must(t, p.Comments.Append(&Comment{Text: fmt.Sprintf("%s, %d", p.Title, n)}))
			}
			must(t, blog.Posts.Append(p))
		}
	}
	must(t, s.Commit(t.Context()))
}

// everyRelation of posts, with limits and with more behind them.
func everyRelation() []retort.Relation {
	e := essays.C
	return []retort.Relation{
		retort.Load(&e.Blog).With(retort.Load(&blogs.C.Posts).Limit(2), &blogs.C.Fans, &blogs.C.Setting),
		retort.Load(&e.Author).With(&people.C.Boss, &people.C.Friends, retort.Load(&people.C.Posts).Limit(1)),
		retort.Load(&e.Labels).With(retort.Load(&tagTable.C.Posts).Limit(2).With(&e.Blog)),
		&e.Comments,
	}
}

// loadedAlone draws objects that are read again and loaded in sessions of their own.
func loadedAlone(t *testing.T, b bench, like []*Essay) string {
	t.Helper()
	var out []*Essay
	for _, p := range like {
		s := b.Engine.Session()
		o := val(essays.Get(t.Context(), s, p.ID))(t)
		must(t, retort.LoadRelated(t.Context(), s, []*Essay{o}, everyRelation()...))
		must(t, s.Close(context.Background()))
		out = append(out, o)
	}
	return drawn(out)
}

// drawn writes objects with what their relations hold, in their order.
func drawn(list []*Essay) string {
	var out strings.Builder
	posts := func(m *retort.Many[Essay]) (titles []string) {
		rows, err := m.All()
		for _, r := range rows {
			titles = append(titles, r.Title)
		}
		return append(titles, errorText(err)...)
	}
	for _, p := range list {
		fmt.Fprintf(&out, "%s:", p.Title)
		if blog, err := p.Blog.Get(); err != nil || blog == nil {
			fmt.Fprintf(&out, " no blog %v", err)
		} else {
			fans, err := blog.Fans.All()
			setting, noSetting := blog.Setting.Get()
			fmt.Fprintf(&out, " %s of %v, %v with %d %v, %v %v;", blog.Name, posts(&blog.Posts), setting == nil, len(fans), err, noSetting, namesOf(fans))
		}
		if author, err := p.Author.Get(); err != nil || author == nil {
			fmt.Fprintf(&out, " no author %v;", err)
		} else {
			boss, err := author.Boss.Get()
			friends, none := author.Friends.All()
			fmt.Fprintf(&out, " %s, boss %v %v, friends %v %v, posts %v;", author.Name, boss != nil, err, namesOf(friends), none, posts(&author.Posts))
		}
		labels, err := p.Labels.All()
		fmt.Fprintf(&out, " labels %v", err)
		for _, l := range labels {
			fmt.Fprintf(&out, " %s %v", l.Name, posts(&l.Posts))
		}
		texts, err := p.Comments.All()
		fmt.Fprintf(&out, "; comments %v", err)
		for _, c := range texts {
			fmt.Fprintf(&out, " %q", c.Text)
		}
		out.WriteString("\n")
	}
	return out.String()
}

func namesOf(people []*Person) (names []string) {
	for _, p := range people {
		names = append(names, p.Name)
	}
	return names
}

func errorText(err error) []string {
	if err == nil {
		return nil
	}
	return []string{err.Error()}
}
