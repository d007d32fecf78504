package retort_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/retort-go/retort"
)

// shown is what an answer holds of v.
func shown(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	must(t, err)
	return string(text)
}

// TestBelongsToFollowsItsColumns looks at objects whose reference was written by its
// column, past the relation: before the flush, behind it, and once their session is over, when
// nobody looks anything up.
func TestBelongsToFollowsItsColumns(t *testing.T) {
	t.Parallel()
	const boss, writer = int64(1), int64(2)
	for name, c := range map[string]struct {
		author string // at first
		then   *int64
		read   bool // the row that it refers to then is in the session
		change func(ctx context.Context, s *retort.Session, p *Essay) error
		get    string
		json   string
	}{
		"to a row that was not read": {"2", new(boss), false, nil, "not loaded", "null"},
		"to a row that was read":     {"2", new(boss), true, nil, "boss", `{"id":1,"Name":"boss","BossID":null}`},
		"from none":                  {"NULL", new(writer), false, nil, "not loaded", "null"},
		"to none":                    {"2", nil, false, nil, "none", "null"},
		"by Refresh": {"2", nil, false, func(ctx context.Context, s *retort.Session, p *Essay) error {
			_, err := s.Exec(ctx, "UPDATE posts SET author_id = 1 WHERE id = @id", retort.Args{"id": p.ID})
			if err != nil {
				return err
			}
			return s.Refresh(ctx, p)
		}, "not loaded", "null"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			b := blogBench(t)
			fillBlogs(t, b, 1)
			b.Exec(t, "UPDATE posts SET author_id = "+c.author)
			s := b.session(t)
			p, err := essays.Query().With(&essays.C.Author).First(ctx, s)
			must(t, err)
			if c.read {
				_, err := people.Get(ctx, s, boss)
				must(t, err)
			}
			if c.change != nil {
				must(t, c.change(ctx, s, p))
			} else {
				p.AuthorID = c.then
			}
			for _, when := range []string{"changed", "flushed", "closed"} {
				switch when {
				case "flushed":
					must(t, s.Flush(ctx))
				case "closed":
					must(t, s.Commit(ctx))
					must(t, s.Close(ctx))
				}
				got := "none"
				switch a, err := p.Author.Get(); {
				case err != nil:
					wantErr(t, err, retort.ErrNotLoaded)
					got = "not loaded"
				case a != nil:
					got = a.Name
				}
				if text := shown(t, p.Author); got != c.get || text != c.json || p.Author.IsZero() != (got == "not loaded") {
					t.Errorf("%s: the author is %s, %s, zero %t", when, got, text, p.Author.IsZero())
				}
			}
		})
	}
}

// TestReferenceToKeyZero: NULL and 0 are two references.
func TestReferenceToKeyZero(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	b := blogBench(t)
	b.Exec(t, "INSERT INTO people (id, name) OVERRIDING SYSTEM VALUE VALUES (0, 'zero'), (1, 'ann')")
	t.Run("is_not_known_as_none_when_it_is_read_again", func(t *testing.T) {
		s := b.session(t)
		ann, err := people.Query().With(&people.C.Boss).Where(retort.Eq(&people.C.ID, 1)).One(ctx, s)
		must(t, err)
		_, err = s.Exec(ctx, "UPDATE people SET boss_id = 0 WHERE id = 1")
		must(t, err)
		must(t, s.Refresh(ctx, ann))
		_, err = ann.Boss.Get()
		wantErr(t, err, retort.ErrNotLoaded, "Person.Boss")
	})
	t.Run("is_kept_until_it_is_written", func(t *testing.T) {
		s := b.session(t, retort.TxOptions{NoAutoflush: true})
		zero, err := people.Get(ctx, s, int64(0))
		must(t, err)
		ann, err := people.Get(ctx, s, int64(1))
		must(t, err)
		must(t, zero.Reports.Append(ann))
		must(t, retort.LoadRelated(ctx, s, []*Person{zero}, &people.C.Reports))
		if got := val(zero.Reports.All())(t); len(got) != 1 {
			t.Errorf("%d reports", len(got))
		}
	})
}
