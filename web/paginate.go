package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/retort-go/retort"
)

// Pages lists rows of one table as request parameters ask for it: sorted and
// filtered by the columns that the program allows and no others, page by page.
//
//   - Shape: parameters are sort (a name, with a minus for descending), limit, cursor,
//     or what [Pages.Names] calls them, and one for each filter. Make it once, by
//     [Paginate].
//   - Concurrency: safe for many goroutines once it is made.
type Pages[T any] struct {
	keys    [][]byte // of cursors; the first one signs
	base    *retort.Query[T]
	sorts   map[string]func(desc bool) retort.Order
	filters map[string]filter
	names   PageNames
	first   string
	size    int
	largest int
}

// filter is the condition that a parameter asks for, or what is wrong with its text.
type filter func(s *retort.Session, text string) (where retort.Predicate, message string)

// PageNames are the names of the parameters of [Pages]; an empty one stays as it is:
// sort, limit, cursor.
type PageNames struct{ Sort, Limit, Cursor string }

// Page is one page of rows and the cursor of the next.
type Page[T any] struct {
	Items []*T   `json:"items"`
	Next  string `json:"next,omitempty"` // empty on the last page
}

// Paginate makes pages of the rows of a query. key signs the cursors, 16 bytes or
// more and the same on every machine of the service; [Pages.OldKeys] changes it.
//
//   - Shape: without [SortBy] the order is that of base, and the primary key behind
//     it. A page has 20 rows unless a request asks for up to 100; Limit and Offset of
//     base do not count.
//   - Errors: a key that is too short panics, at registration.
func Paginate[T any](key []byte, base *retort.Query[T]) *Pages[T] {
	return &Pages[T]{
		keys: cursorKeys("Paginate", key), base: base.Offset(0), size: 20, largest: 100,
		sorts: make(map[string]func(bool) retort.Order), filters: make(map[string]filter),
		names: PageNames{"sort", "limit", "cursor"},
	}
}

// Size sets how many rows a page has by default, and at most.
//
//   - Errors: a size below 1, or a default above the largest, panics, at registration.
func (p *Pages[T]) Size(normal, largest int) *Pages[T] {
	if normal < 1 || largest < normal {
		panic(fmt.Sprintf("web: Size(%d, %d): give 1 row or more, and no more by default than at most", normal, largest))
	}
	p.size, p.largest = normal, largest
	return p
}

// Names renames parameters: Names(PageNames{Cursor: "after"}).
//
//   - Errors: one name for two parameters panics, at registration.
func (p *Pages[T]) Names(names PageNames) *Pages[T] {
	n := PageNames{cmp.Or(names.Sort, p.names.Sort), cmp.Or(names.Limit, p.names.Limit), cmp.Or(names.Cursor, p.names.Cursor)}
	if n.Sort == n.Limit || n.Limit == n.Cursor || n.Cursor == n.Sort {
		panic(fmt.Sprintf("web: Names: two parameters have one name: %q, %q, %q", n.Sort, n.Limit, n.Cursor))
	}
	for name := range p.filters {
		n.free("Names", name)
	}
	p.names = n
	return p
}

// free panics where a name has a meaning already.
func (n PageNames) free(call, name string) {
	if name == n.Sort || name == n.Limit || name == n.Cursor {
		panic(fmt.Sprintf("web: %s: the parameter %q is that of the list itself; rename one of them, by Names or here", call, name))
	}
}

// allow adds a filter.
func (p *Pages[T]) allow(call, name string, f filter) {
	p.names.free(call, name)
	if name == "" {
		panic("web: " + call + ": the filter has no name")
	}
	if p.filters[name] != nil {
		panic(fmt.Sprintf("web: %s: there is a filter %q already", call, name))
	}
	p.filters[name] = f
}

// DefaultSort sets the order of requests that ask for none, in the words of those
// that do: DefaultSort("-created").
//
//   - Errors: a name that [SortBy] has not allowed panics, at registration.
func (p *Pages[T]) DefaultSort(sort string) *Pages[T] {
	if _, ok := p.sorts[strings.TrimPrefix(sort, "-")]; !ok {
		panic(fmt.Sprintf("web: DefaultSort: %q is not allowed by a SortBy before", sort))
	}
	p.first = sort
	return p
}

// SortBy allows ?sort=name and ?sort=-name. The column must be NOT NULL; the first
// one allowed is the order of requests that ask for none, unless [Pages.DefaultSort]
// says another. An order of the base comes before it, the primary key behind it.
//
//   - Errors: a column that may be NULL fails every page of that order, the first
//     and only one included. A name that is empty, begins with a minus or is taken
//     panics, at registration.
func SortBy[T, V any](p *Pages[T], name string, field *V) {
	if name == "" || name[0] == '-' || p.sorts[name] != nil {
		panic(fmt.Sprintf("web: SortBy: %q is taken, empty or begins with a minus, which is for the order down; choose another name", name))
	}
	p.sorts[name] = func(desc bool) retort.Order {
		if desc {
			return retort.Desc(field)
		}
		return retort.Asc(field)
	}
	if p.first == "" {
		p.first = name
	}
}

// FilterBy allows ?name=value: rows whose column equals it.
//
//   - Shape: values are read as in a handler's input: numbers, booleans, text, times
//     as RFC 3339, types with UnmarshalText. Of an enum they are its labels.
//   - Errors: a type that cannot be read from text, and a name that is taken, panic,
//     at registration.
func FilterBy[T, V any](p *Pages[T], name string, field *V) {
	read := scalarOf[V]("FilterBy " + name)
	p.allow("FilterBy", name, func(s *retort.Session, text string) (retort.Predicate, string) {
		v, message := read(text)
		if message == "" {
			message = unlisted(s, v)
		}
		if message != "" {
			return retort.Predicate{}, message
		}
		return retort.Eq(field, v), ""
	})
}

// unlisted says that v is of an enum and none of its labels. The server would
// fail the whole transaction over it.
func unlisted[V any](s *retort.Session, v V) string {
	labels := retort.EnumLabels[V](s)
	if value := reflect.Indirect(reflect.ValueOf(v)); labels == nil || slices.Contains(labels, value.String()) {
		return ""
	}
	return "is none of " + strings.Join(labels, ", ")
}

// FilterWith allows ?name=text with a condition of the program's own:
// FilterWith(p, "q", func(q string) retort.Predicate { return retort.Contains(&c.Title, q) }).
//
//   - Errors: a name that is taken panics, at registration.
func FilterWith[T any](p *Pages[T], name string, condition func(text string) retort.Predicate) {
	p.allow("FilterWith", name, func(_ *retort.Session, text string) (retort.Predicate, string) {
		if message := badText(text); message != "" {
			return retort.Predicate{}, message
		}
		return condition(text), ""
	})
}

// Read reads the page that the parameters ask for.
//
//   - Shape: one round trip. Parameters of other names are left alone.
//   - Errors: [*Error] of status 400 for a sort or limit that is not allowed, a value
//     that does not fit, a cursor that is not one of this list, sort and filters.
func (p *Pages[T]) Read(ctx context.Context, s *retort.Session, params url.Values) (*Page[T], error) {
	q, sum, err := p.query(s, params)
	if err != nil {
		return nil, err
	}
	limit, err := p.limit(params)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{p.names.Sort, p.names.Limit, p.names.Cursor} {
		if len(params[name]) > 1 {
			return nil, badParameter(name, givenTwice)
		}
	}
	page, cursor := q, params.Get(p.names.Cursor)
	if cursor != "" {
		position, ok := p.open(cursor, sum)
		if !ok {
			return nil, badParameter(p.names.Cursor, otherList)
		}
		page = q.Resume(position)
	}
	rows, err := page.Limit(limit+1).All(ctx, s)
	if errors.Is(err, retort.ErrBookmark) { // the base is ordered by others since, or is another list's with this key
		return nil, badParameter(p.names.Cursor, otherList)
	}
	if err != nil {
		return nil, err
	}
	if len(rows) > limit {
		position, err := q.Bookmark(s, rows[limit-1])
		if err != nil {
			return nil, err
		}
		return &Page[T]{Items: rows[:limit], Next: p.seal(position, sum)}, nil
	}
	if cursor == "" { // an order that has no pages must not wait for data to say so
		if _, err := q.Position(s, new(T)); err != nil {
			return nil, err
		}
	}
	return &Page[T]{Items: rows}, nil
}

// What is wrong with parameters.
const (
	givenTwice = "is given more than once"
	otherList  = "is not a cursor of this list in this order; begin without one"
)

// query is the base with sort and filters; sum is what a cursor is bound to.
func (p *Pages[T]) query(s *retort.Session, params url.Values) (*retort.Query[T], []byte, error) {
	q := p.base
	var bound strings.Builder
	for _, name := range sortedKeys(p.filters) {
		values, given := params[name]
		if !given {
			continue
		}
		if len(values) != 1 {
			return q, nil, badParameter(name, givenTwice)
		}
		condition, message := p.filters[name](s, values[0])
		if message != "" {
			return q, nil, badParameter(name, message)
		}
		q = q.Where(condition)
		bound.WriteString(strconv.Quote(name) + "=" + strconv.Quote(values[0]) + "&")
	}
	asked := params.Get(p.names.Sort)
	if asked == "" {
		asked = p.first
	}
	name, desc := strings.CutPrefix(asked, "-")
	bound.WriteString("sort=" + strconv.Quote(asked))
	if asked == "" {
		return q.ByKey(), []byte(bound.String()), nil
	}
	order, ok := p.sorts[name]
	if !ok {
		if len(p.sorts) == 0 {
			return q, nil, badParameter(p.names.Sort, "is not possible: this list has one order")
		}
		return q, nil, badParameter(p.names.Sort, "is none of "+strings.Join(sortedKeys(p.sorts), ", "))
	}
	return q.OrderBy(order(desc)), []byte(bound.String()), nil
}

func (p *Pages[T]) limit(params url.Values) (int, error) {
	text := params.Get(p.names.Limit)
	if text == "" {
		return p.size, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > p.largest {
		return 0, badParameter(p.names.Limit, fmt.Sprintf("is a whole number from 1 to %d", p.largest))
	}
	return n, nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func badParameter(name, message string) error {
	return &Error{
		Status: 400, Type: ProblemMalformedInput, Title: "Malformed input", Detail: "The request could not be read.",
		Errors: []FieldError{{Location: "query." + clientName(name), Message: message}},
	}
}

// scalarOf reads a V from text, as the input of a handler does.
func scalarOf[V any](call string) func(string) (V, string) {
	c := &compiler{known: make(map[reflect.Type]*shape)}
	s := textShape(c.shapeOf(reflect.TypeFor[V](), call))
	if !s.scalar() {
		c.fail(call, "%s cannot be read from a parameter; use FilterWith", reflect.TypeFor[V]())
	}
	registered(call, c.problems)
	return func(text string) (v V, message string) {
		if message = badText(text); message == "" {
			message = setText(reflect.ValueOf(&v).Elem(), s, text)
		}
		return v, message
	}
}
