package web_test

import (
	"net/http"
	"net/url"
	"testing"

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
