package mapper_test

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/internal/mapper"
)

// boxed writes and reads what it holds, and shares it with its copies.
type boxed struct{ V *any }

func newBoxed(v any) boxed { return boxed{&v} }

func (b boxed) Value() (driver.Value, error) {
	if b.V == nil {
		return nil, nil
	}
	return *b.V, nil
}

func (b *boxed) Scan(v any) error {
	if b.V = nil; v != nil {
		b.V = &v
	}
	return nil
}

// worded is a type with MarshalText that shares its text with its copies.
type worded struct{ Text *string }

func (w worded) MarshalText() ([]byte, error) {
	if w.Text == nil {
		return nil, fmt.Errorf("no text")
	}
	return []byte(*w.Text), nil
}

func (w *worded) UnmarshalText(text []byte) error {
	w.Text = new(string(text))
	return nil
}

type reread struct {
	N, F, B, Bytes, Text, Doc boxed
	List                      []boxed
	Grid                      [][]*boxed
	Maybe                     []sql.NullString
	Moods                     []Status
	IP                        worded
	At, Local                 *sql.NullTime
	Days                      []sql.NullTime
}

func newReread() *reread {
	return &reread{
		N: newBoxed(int64(-5)), F: newBoxed(1.5), B: newBoxed(true), Bytes: newBoxed([]byte{0, 255}), Text: newBoxed("NULL"), Doc: newBoxed([]byte(`{"a": 1}`)),
		List:  []boxed{newBoxed(`{",\"\`), newBoxed(""), newBoxed("NULL"), {}},
		Grid:  [][]*boxed{{new(newBoxed("a")), nil}, {new(newBoxed("}")), new(newBoxed("c"))}},
		Maybe: []sql.NullString{{}, {String: "x", Valid: true}},
		Moods: []Status{"glad", "so,"},
		IP:    worded{new("10.0.0.1")},
		At:    &sql.NullTime{Time: time.Date(2024, 2, 29, 1, 2, 3, 4000, time.UTC), Valid: true},
		Local: &sql.NullTime{Time: time.Date(2024, 3, 31, 2, 30, 0, 0, time.UTC), Valid: true},
		Days:  []sql.NullTime{{Time: time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC), Valid: true}, {}},
	}
}

func TestRestoreUndoesEditsInsideOfValuesThatTravelAsText(t *testing.T) {
	t.Parallel()
	types, err := mapper.NewTypes(mapper.Enum{Name: "mood", Types: []reflect.Type{typeOf[Status]()}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := types.Compile(typeOf[reread](), columnsOf[reread](t, map[string]string{
		"n": "integer", "f": "real", "b": "boolean", "bytes": "bytea", "text": "text", "doc": "jsonb",
		"list": "text[]", "grid": "text[]", "maybe": "text[]", "ip": "inet", "local": "timestamp", "days": "date[]",
	}))
	if err != nil {
		t.Fatal(err)
	}
	r := newReread()
	o, _ := p.ObjectOf(r)
	s := p.Snapshot(o)
	for _, b := range []boxed{r.N, r.F, r.B, r.Bytes, r.Text, r.Doc, r.List[0], r.List[1], r.List[2], *r.Grid[0][0], *r.Grid[1][0], *r.Grid[1][1]} {
		*b.V = nil
	}
	r.Maybe[0], r.Maybe[1], r.Moods[0], *r.IP.Text = r.Maybe[1], sql.NullString{}, "sad", "10.0.0.3"
	*r.At, r.Local.Time, r.Days[0], r.Days[1] = sql.NullTime{}, time.Time{}, r.Days[1], r.Days[0]
	p.Restore(o, s, allColumns(p))
	if diff := cmp.Diff(newReread(), r); diff != "" {
		t.Errorf("(-then +restored)\n%s", diff)
	}

	c := p.Any(p.Clone(o)).(*reread)
	*c.Text.V, *c.List[0].V = "other", "other"
	if diff := cmp.Diff(newReread(), r); diff != "" {
		t.Errorf("shared with its clone (-want +got)\n%s", diff)
	}
}
