package web_test

import (
	"context"
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/web"
)

// A cursor of a list whose base had another order, before a deployment or beside this
// one, is the client's to drop: 400, not 500.
func TestCursorOfAnotherOrderIsRefused(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, things)
	s := k.Engine.Session()
	s.Add(newThing(), newThing(), newThing())
	must(t, s.Commit(t.Context()))
	list := func(order ...retort.Order) *web.Pages[Thing] {
		return web.Paginate([]byte("0123456789abcdef"), Things.Query().OrderBy(order...))
	}
	c := Things.C
	first, err := list(retort.Asc(&c.Count)).Read(t.Context(), s, url.Values{"limit": {"1"}})
	must(t, err)
	for name, other := range map[string]*web.Pages[Thing]{
		"another_column": list(retort.Asc(&c.CreatedAt)), "none": list(), "one_more": list(retort.Asc(&c.Count), retort.Asc(&c.Name)),
		"the_other_direction": list(retort.Desc(&c.Count)), "the_key_the_other_way": list(retort.Asc(&c.Count), retort.Desc(&c.ID)),
	} {
		if _, err := other.Read(t.Context(), s, url.Values{"cursor": {first.Next}}); web.StatusOf(err) != http.StatusBadRequest {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Names that no request can ask for, or that mean two orders, are slips.
func TestNamesThatNoRequestCanAskForPanic(t *testing.T) {
	t.Parallel()
	c := Things.C
	list := web.Paginate([]byte("0123456789abcdef"), Things.Query())
	web.SortBy(list, "name", &c.Name)
	for name, register := range map[string]func(){
		"an_empty_sort":     func() { web.SortBy(list, "", &c.Name) },
		"a_sort_with_minus": func() { web.SortBy(list, "-name", &c.Name) },
		"a_sort_twice":      func() { web.SortBy(list, "name", &c.Count) },
		"an_empty_filter":   func() { web.FilterBy(list, "", &c.Name) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s did not panic", name)
				}
			}()
			register()
		}()
	}
}

func TestSizesThatNoPageCanHavePanic(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{0, 100}, {-1, 100}, {20, 10}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("Size(%d, %d) did not panic", size[0], size[1])
				}
			}()
			web.Paginate([]byte("0123456789abcdef"), Things.Query()).Size(size[0], size[1])
		}()
	}
}

// Clients that are between two pages while the key changes go on.
func TestCursorOfAnOldKeyIsTaken(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, things)
	s := k.Engine.Session()
	s.Add(newThing(), newThing(), newThing())
	must(t, s.Commit(t.Context()))
	list := func(key string, old ...string) *web.Pages[Thing] {
		var more [][]byte
		for _, o := range old {
			more = append(more, []byte(o))
		}
		return web.Paginate([]byte(key), Things.Query()).Size(1, 1).OldKeys(more...)
	}
	const before, now = "the key of before", "the key of today "
	first, err := list(before).Read(t.Context(), s, nil)
	must(t, err)
	changed := list(now, "a third key, older", before)
	second, err := changed.Read(t.Context(), s, url.Values{"cursor": {first.Next}})
	must(t, err)
	if third, err := list(now).Read(t.Context(), s, url.Values{"cursor": {second.Next}}); err != nil || len(third.Items) != 1 {
		t.Errorf("the cursor behind is not signed by the new key: %v", err)
	}
	if _, err := list(now, before).OldKeys().Read(t.Context(), s, url.Values{"cursor": {first.Next}}); web.StatusOf(err) != http.StatusBadRequest {
		t.Errorf("an old key that was taken away: %v", err)
	}
	defer func() {
		if recover() == nil {
			t.Error("a short old key did not panic")
		}
	}()
	list(now, "short")
}

// Pages and inputs have the same words for the same mistake.
func TestRepeatedParameterIsNamedAlike(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.mux.Handle("GET /input", web.Handle(s.Engine, func(context.Context, *retort.Session, *struct {
		Limit int `query:"limit"`
	},
	) (*string, error) {
		return nil, nil
	}))
	pages := web.Paginate([]byte("0123456789abcdef"), Things.Query())
	s.mux.Handle("GET /pages", web.Handle(s.Engine, func(ctx context.Context, sess *retort.Session, _ *struct {
		Limit []string `query:"limit"`
	},
	) (*web.Page[Thing], error) {
		return pages.Read(ctx, sess, url.Values{"limit": {"1", "2"}})
	}))
	input, list := s.do(t, "GET", "/input?limit=1&limit=2", "").problem(t), s.do(t, "GET", "/pages?limit=1&limit=2", "").problem(t)
	if diff := cmp.Diff(input.Errors, list.Errors); diff != "" || len(list.Errors) != 1 {
		t.Errorf("%v, %s", list.Errors, diff)
	}
}
