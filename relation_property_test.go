package retort_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/retort-go/retort"
)

// TestRelationsAsAModel changes random graphs of blogs, posts, labels and people
// through their relations, also in savepoints that are taken back, and compares what
// comes out with plain maps: in memory after each step, in the database after each
// commit.
func TestRelationsAsAModel(t *testing.T) {
	t.Parallel()
	b := blogBench(t)
	rapid.Check(t, func(r *rapid.T) {
		b.Exec(t, "TRUNCATE blogs, posts, labels, people, post_labels CASCADE")
		g := newGraph(t, b)
		defer func() { must(t, g.s.Close(context.Background())) }()
		for range rapid.IntRange(1, 12).Draw(r, "steps") {
			if rapid.IntRange(0, 4).Draw(r, "taken back") == 0 {
				g.takenBack(r)
			} else {
				g.step(r)
			}
			g.compare(r)
			if rapid.IntRange(0, 3).Draw(r, "commit") == 0 {
				g.commit(r)
			}
		}
		g.commit(r)
	})
}

// graph is the same thing twice: objects in a session, and maps.
type graph struct {
	t      *testing.T
	b      bench
	s      *retort.Session
	blogs  []*Blog
	posts  []*Essay
	labels []*Label
	people []*Person
	blogOf map[*Essay]*Blog
	author map[*Essay]*Person
	tags   map[*Essay]map[*Label]bool
	boss   map[*Person]*Person
}

func newGraph(t *testing.T, b bench) *graph {
	g := &graph{
		t: t, b: b, s: b.Engine.Session(), blogOf: map[*Essay]*Blog{}, author: map[*Essay]*Person{},
		tags: map[*Essay]map[*Label]bool{}, boss: map[*Person]*Person{},
	}
	for i := range 3 {
		g.blogs = append(g.blogs, &Blog{Name: fmt.Sprint("b", i)})
		g.labels = append(g.labels, &Label{Name: fmt.Sprint("l", i)})
		g.people = append(g.people, &Person{Name: fmt.Sprint("p", i)})
		g.s.Add(g.blogs[i], g.labels[i], g.people[i])
		for _, err := range []error{g.blogs[i].Posts.Replace(), g.labels[i].Posts.Replace(), g.people[i].Posts.Replace(), g.people[i].Reports.Replace()} {
			must(t, err)
		}
	}
	return g
}

func (g *graph) compare(r *rapid.T) {
	if got, want := g.inMemory(), g.expected(); got != want {
		r.Fatalf("in memory:\n got %s\nwant %s", got, want)
	}
}

// takenBack takes steps in a savepoint that is rolled back, some of them in one
// inside of it.
func (g *graph) takenBack(r *rapid.T) {
	before := *g
	before.posts = slices.Clone(g.posts)
	before.blogOf, before.author, before.boss = maps.Clone(g.blogOf), maps.Clone(g.author), maps.Clone(g.boss)
	before.tags = map[*Essay]map[*Label]bool{}
	for p, tags := range g.tags {
		before.tags[p] = maps.Clone(tags)
	}
	err := g.s.Savepoint(g.t.Context(), func(ctx context.Context) error {
		for range rapid.IntRange(1, 5).Draw(r, "steps inside") {
			g.step(r)
			if rapid.IntRange(0, 2).Draw(r, "flush") == 0 {
				must(g.t, g.s.Flush(ctx))
			}
		}
		if rapid.IntRange(0, 3).Draw(r, "deeper") == 0 {
			g.takenBack(r)
		}
		g.compare(r)
		return errNo
	})
	wantErr(g.t, err, errNo)
	*g = before
}

func (g *graph) step(r *rapid.T) {
	blog := rapid.SampledFrom(g.blogs).Draw(r, "blog")
	person := rapid.SampledFrom(append(slices.Clone(g.people), nil)).Draw(r, "person")
	label := rapid.SampledFrom(g.labels).Draw(r, "label")
	if len(g.posts) < 2 || rapid.IntRange(0, 4).Draw(r, "new") == 0 {
		p := &Essay{Title: fmt.Sprint("e", len(g.posts))}
		if rapid.Bool().Draw(r, "with a label") {
			must(g.t, p.Labels.Append(label))
			g.tags[p] = map[*Label]bool{label: true}
		} else {
			must(g.t, p.Labels.Replace())
			g.tags[p] = map[*Label]bool{}
		}
		g.posts = append(g.posts, p)
		must(g.t, blog.Posts.Append(p))
		g.blogOf[p] = blog
		return
	}
	p := rapid.SampledFrom(g.posts).Draw(r, "post")
	switch rapid.IntRange(0, 6).Draw(r, "what") {
	case 0:
		must(g.t, blog.Posts.Append(p))
		g.blogOf[p] = blog
	case 1:
		must(g.t, p.Blog.Set(blog))
		g.blogOf[p] = blog
	case 2:
		must(g.t, p.Author.Set(person))
		g.author[p] = person
	case 3:
		if person != nil {
			must(g.t, person.Posts.Replace(p))
			for q, a := range g.author {
				if a == person {
					g.author[q] = nil
				}
			}
			g.author[p] = person
		}
	case 4:
		g.toggle(p, label, rapid.Bool().Draw(r, "from the label"))
	case 5:
		chief := rapid.SampledFrom(g.people).Draw(r, "chief")
		if person != nil && person != chief && g.boss[chief] == nil && len(g.reports(person)) == 0 {
			must(g.t, chief.Reports.Append(person))
			g.boss[person] = chief
		}
	case 6:
		if person != nil && g.boss[person] != nil {
			must(g.t, g.boss[person].Reports.Remove(person))
			g.boss[person] = nil
		}
	}
}

func (g *graph) reports(chief *Person) (all []*Person) {
	for p, boss := range g.boss {
		if boss == chief {
			all = append(all, p)
		}
	}
	return all
}

// toggle ties or unties, from either end.
func (g *graph) toggle(p *Essay, l *Label, back bool) {
	was := g.tags[p][l]
	var err error
	switch {
	case was && back:
		err = l.Posts.Remove(p)
	case was:
		err = p.Labels.Remove(l)
	case back:
		err = l.Posts.Append(p)
	default:
		err = p.Labels.Append(l)
	}
	must(g.t, err)
	g.tags[p][l] = !was
}

func line(p *Essay, blog *Blog, author *Person, tags []string) string {
	name := "-"
	if author != nil {
		name = author.Name
	}
	slices.Sort(tags)
	return p.Title + " " + blog.Name + " " + name + " " + strings.Join(tags, ",")
}

// expected is what the maps say.
func (g *graph) expected() string {
	var out []string
	for _, p := range g.posts {
		var tags []string
		for l, on := range g.tags[p] {
			if on {
				tags = append(tags, l.Name)
			}
		}
		out = append(out, line(p, g.blogOf[p], g.author[p], tags))
	}
	for _, p := range g.people {
		if boss := g.boss[p]; boss != nil {
			out = append(out, p.Name+" of "+boss.Name)
		}
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}

// inMemory is what the objects say, seen from both ends.
func (g *graph) inMemory() string {
	var out []string
	for _, blog := range g.blogs {
		rows, err := blog.Posts.All()
		must(g.t, err)
		for _, p := range rows {
			got, err := p.Blog.Get()
			must(g.t, err)
			author, err := p.Author.Get()
			must(g.t, err)
			found, err := p.Labels.All()
			must(g.t, err)
			var tags []string
			for _, l := range found {
				back, err := l.Posts.All()
				must(g.t, err)
				if !slices.Contains(back, p) {
					g.t.Errorf("%s does not know %s", l.Name, p.Title)
				}
				tags = append(tags, l.Name)
			}
			if author != nil {
				back, err := author.Posts.All()
				must(g.t, err)
				if !slices.Contains(back, p) {
					g.t.Errorf("%s does not know %s", author.Name, p.Title)
				}
			}
			out = append(out, line(p, got, author, tags))
		}
	}
	for _, p := range g.people {
		boss, err := p.Boss.Get()
		must(g.t, err)
		if boss != nil {
			out = append(out, p.Name+" of "+boss.Name)
		}
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}

func (g *graph) commit(r *rapid.T) {
	if err := g.s.Commit(g.t.Context()); err != nil {
		r.Fatal(err)
	}
	got := g.b.Rows(g.t, `SELECT p.title || ' ' || b.name || ' ' || coalesce(a.name, '-') || ' ' ||
			coalesce((SELECT string_agg(label_name, ',' ORDER BY label_name) FROM post_labels l WHERE l.essay_id = p.id), '')
		FROM posts p JOIN blogs b ON b.id = p.blog_id LEFT JOIN people a ON a.id = p.author_id
		UNION ALL SELECT p.name || ' of ' || q.name FROM people p JOIN people q ON q.id = p.boss_id`)
	slices.Sort(got)
	if diff := cmp.Diff(g.expected(), strings.Join(got, "; ")); diff != "" {
		r.Fatalf("in the database: %s", diff)
	}
}
