package web_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/web"
)

// Paper is listed page by page.
type Paper struct {
	retort.BigintKey
	Title string
	Pages int32
	Kind  string
	Paint Paint
	Under *Paint
}

// Paint is an enum.
type Paint string

var papers = retort.NewTable[Paper]("papers")

func TestPaginate(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	k := retorttest.New(t, retort.NewBase(papers, retort.NewEnum[Paint]("paint", "red", "green")))
	s := k.Engine.Session()
	defer s.Close(context.Background())
	for i := range 25 {
		s.Add(&Paper{Title: fmt.Sprintf("%d%%", i), Pages: int32(i % 3), Kind: []string{"a", "b"}[i%2], Paint: []Paint{"red", "green"}[i%2], Under: new(Paint("red"))})
	}
	if err := s.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	c := papers.C
	key := []byte("0123456789abcdef")
	list := web.Paginate(key, papers.Query()).Size(4, 10)
	web.SortBy(list, "pages", &c.Pages)
	web.SortBy(list, "title", &c.Title)
	web.FilterBy(list, "kind", &c.Kind)
	web.FilterBy(list, "id", &c.ID)
	web.FilterBy(list, "paint", &c.Paint)
	web.FilterBy(list, "under", c.Under)
	web.FilterBy(list, "under_too", &c.Under)
	web.FilterWith(list, "q", func(q string) retort.Predicate { return retort.Contains(&c.Title, q) })
	plain := web.Paginate(key, papers.Query())

	walk := func(t *testing.T, p *web.Pages[Paper], query string) []string {
		t.Helper()
		params, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		seen := []string{}
		for range 30 {
			page, err := p.Read(ctx, s, params)
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range page.Items {
				seen = append(seen, row.Title)
			}
			if page.Next == "" {
				return seen
			}
			params.Set("cursor", page.Next)
		}
		t.Fatal("it does not end")
		return nil
	}
	for query, want := range map[string]int{
		"": 25, "sort=-pages": 25, "sort=title&limit=10": 25, "kind=a": 13, "kind=a&sort=-title&limit=1": 13, "q=%25": 25, "q=4%25": 3, "id=7": 1, "kind=none": 0,
		"paint=red": 13, "under=red": 25, "under=green": 0, "under_too=red&paint=green": 12,
	} {
		t.Run("every_row_once_"+query, func(t *testing.T) {
			rows := walk(t, list, query)
			once := make(map[string]bool)
			for _, r := range rows {
				once[r] = true
			}
			if len(rows) != want || len(once) != want {
				t.Errorf("%d rows, %d different, want %d", len(rows), len(once), want)
			}
		})
	}
	t.Run("without_a_sort_by_the_primary_key", func(t *testing.T) {
		if rows := walk(t, plain, "limit=7"); len(rows) != 25 || rows[0] != "0%" || rows[24] != "24%" {
			t.Errorf("%q", rows)
		}
	})

	page, err := list.Read(ctx, s, url.Values{"sort": {"-pages"}})
	if err != nil {
		t.Fatal(err)
	}
	flip := func(cursor string, at int) string {
		b := []byte(cursor)
		if b[at]++; b[at] == 'z'+1 || b[at] == 'Z'+1 || b[at] == '9'+1 {
			b[at] = 'A'
		}
		return string(b)
	}
	for name, params := range map[string]url.Values{
		"sort":              {"sort": {"kind"}},
		"injection":         {"sort": {"pages; DROP TABLE papers"}},
		"limit":             {"limit": {"11"}},
		"limit_0":           {"limit": {"0"}},
		"number":            {"id": {"x"}},
		"nul":               {"kind": {"a\x00"}},
		"label":             {"paint": {"blue"}},
		"empty_label":       {"paint": {""}},
		"label_of_slot":     {"under": {"Red"}},
		"label_of_pointer":  {"under_too": {"blue"}},
		"twice":             {"kind": {"a", "b"}},
		"two_sorts":         {"sort": {"-pages", "pages"}},
		"two_limits":        {"limit": {"2", "3"}},
		"two_cursors":       {"cursor": {page.Next, page.Next}, "sort": {"-pages"}},
		"cursor":            {"cursor": {"x"}},
		"other_sort":        {"cursor": {page.Next}, "sort": {"pages"}},
		"other_filter":      {"cursor": {page.Next}, "sort": {"-pages"}, "kind": {"a"}},
		"changed_signature": {"cursor": {flip(page.Next, 3)}, "sort": {"-pages"}},
		"changed_position":  {"cursor": {flip(page.Next, len(page.Next)-4)}, "sort": {"-pages"}},
		"cut":               {"cursor": {page.Next[:20]}, "sort": {"-pages"}},
	} {
		t.Run("refuses_"+name, func(t *testing.T) {
			_, err := list.Read(ctx, s, params)
			var problem *web.Error
			if !errors.As(err, &problem) || problem.Status != 400 {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("refuses_the_cursor_of_another_key", func(t *testing.T) {
		other := web.Paginate([]byte(strings.Repeat("x", 16)), papers.Query())
		web.SortBy(other, "pages", &c.Pages)
		if _, err := other.Read(ctx, s, url.Values{"cursor": {page.Next}, "sort": {"-pages"}}); err == nil {
			t.Error("it was taken")
		}
	})
	t.Run("every_changed_character_is_noticed", func(t *testing.T) {
		const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/ \n\r\x00é"
		refused := func(cursor string) {
			if _, err := list.Read(ctx, s, url.Values{"sort": {"-pages"}, "cursor": {cursor}}); web.ProblemOf(err).Status != 400 {
				t.Fatalf("%q: %v", cursor, err)
			}
		}
		for i := range page.Next {
			for _, c := range alphabet {
				if broken := page.Next[:i] + string(c) + page.Next[i+1:]; broken != page.Next {
					refused(broken)
				}
			}
			if i > 0 {
				refused(page.Next[:i])
			}
		}
		for _, more := range []string{"A", "=", "\n", page.Next} {
			refused(page.Next + more)
		}
	})
	t.Run("says_that_there_is_one_order", func(t *testing.T) {
		_, err := web.Paginate([]byte(strings.Repeat("x", 16)), papers.Query()).Read(ctx, s, url.Values{"sort": {"pages"}})
		want := []web.FieldError{{Location: "query.sort", Message: "is not possible: this list has one order"}}
		if diff := cmp.Diff(want, web.ProblemOf(err).Errors); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("says_which_labels_there_are", func(t *testing.T) {
		_, err := list.Read(ctx, s, url.Values{"paint": {"blue"}})
		want := []web.FieldError{{Location: "query.paint", Message: "is none of red, green"}}
		if diff := cmp.Diff(want, web.ProblemOf(err).Errors); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("newest_first_by_other_names", func(t *testing.T) {
		named := web.Paginate(key, papers.Query()).Names(web.PageNames{Cursor: "after", Limit: "n"})
		web.SortBy(named, "pages", &c.Pages)
		web.SortBy(named, "id", &c.ID)
		named.DefaultSort("-id")
		first, err := named.Read(ctx, s, url.Values{"n": {"3"}, "limit": {"many"}, "cursor": {"left alone"}})
		if err != nil || len(first.Items) != 3 || first.Items[0].Title != "24%" {
			t.Fatalf("%v, %v", first, err)
		}
		second, err := named.Read(ctx, s, url.Values{"after": {first.Next}})
		if err != nil || second.Items[0].Title != "21%" {
			t.Errorf("%v, %v", second, err)
		}
		_, err = named.Read(ctx, s, url.Values{"after": {first.Next}, "sort": {"id"}})
		if p := web.ProblemOf(err); p.Status != 400 || len(p.Errors) != 1 || p.Errors[0].Location != "query.after" {
			t.Errorf("%+v", p)
		}
	})
	t.Run("refuses_a_nullable_sort_on_the_only_page_too", func(t *testing.T) {
		nullable := web.Paginate(key, papers.Query())
		web.SortBy(nullable, "under", &c.Under)
		for _, query := range []string{"", "limit=100", "sort=-under&limit=100"} {
			params, err := url.ParseQuery(query)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := nullable.Read(ctx, s, params); err == nil || !strings.Contains(err.Error(), `column "under" may be NULL`) {
				t.Errorf("%q: got %v", query, err)
			}
		}
	})
	t.Run("an_order_of_the_base_comes_first", func(t *testing.T) {
		own := web.Paginate(key, papers.OrderBy(retort.Desc(&c.Pages)))
		rows := walk(t, own, "limit=4")
		if len(rows) != 25 || rows[0] != "23%" || rows[24] != "0%" {
			t.Errorf("%q", rows)
		}
	})
	for name, register := range map[string]func(){
		"a_short_key":        func() { web.Paginate([]byte("short"), papers.Query()) },
		"an_unknown_default": func() { web.Paginate(key, papers.Query()).DefaultSort("-title") },
		"a_filter_twice":     func() { web.FilterBy(list, "kind", &c.Title) },
		"a_filter_limit":     func() { web.FilterBy(list, "limit", &c.Pages) },
		"a_name_twice":       func() { web.Paginate(key, papers.Query()).Names(web.PageNames{Limit: "sort"}) },
		"a_name_of_a_filter": func() { list.Names(web.PageNames{Cursor: "kind"}) },
	} {
		t.Run(name+"_panics", func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("it did not")
				}
			}()
			register()
		})
	}
}

// TestPaginateLosesNoRowOfAnOddBase walks bases whose own bounds would hold for every
// page anew, and whose rows the order alone does not tell apart.
func TestPaginateLosesNoRowOfAnOddBase(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	k := retorttest.New(t, retort.NewBase(papers, retort.NewEnum[Paint]("paint", "red", "green")))
	s := k.Engine.Session()
	defer s.Close(context.Background())
	for i := range 9 {
		s.Add(&Paper{Title: fmt.Sprint(i), Paint: "red"})
	}
	for name, base := range map[string]*retort.Query[Paper]{
		"offset": papers.Query().Offset(2), "limit": papers.Query().Limit(3), "distinct": papers.Query().Distinct(),
	} {
		list := web.Paginate([]byte("0123456789abcdef"), base).Size(2, 2)
		web.SortBy(list, "pages", &papers.C.Pages)
		params, seen := url.Values{}, 0
		for page := (&web.Page[Paper]{Next: "first"}); page.Next != ""; params.Set("cursor", page.Next) {
			var err error
			if page, err = list.Read(ctx, s, params); err != nil {
				t.Fatal(err)
			}
			seen += len(page.Items)
		}
		if seen != 9 {
			t.Errorf("%s: %d of 9 rows", name, seen)
		}
	}
}
