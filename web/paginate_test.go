package web_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

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
}

var papers = retort.NewTable[Paper]("papers")

func TestPaginate(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	k := retorttest.New(t, retort.NewBase(papers))
	s := k.Engine.Session()
	defer s.Close(context.Background())
	for i := range 25 {
		s.Add(&Paper{Title: fmt.Sprintf("%d%%", i), Pages: int32(i % 3), Kind: []string{"a", "b"}[i%2]})
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
		"twice":             {"kind": {"a", "b"}},
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
	t.Run("a_short_key_panics", func(t *testing.T) {
		defer func() {
			if recover() == nil {
				t.Error("it did not")
			}
		}()
		web.Paginate([]byte("short"), papers.Query())
	})
}
