package retort_test

import (
	"encoding/json"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

func TestManyInJSON(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, library)
	ctx := t.Context()
	a := newAuthor("a")
	commit(t, k.Engine, a)
	render := func(a *Author) string {
		text, err := json.Marshal(struct {
			With    retort.Many[Book] `json:"with"`
			Omitted retort.Many[Book] `json:"omitted,omitzero"`
		}{a.Books, a.Books})
		must(t, err)
		return string(text)
	}
	if got := render(a); got != `{"with":null}` || a.Books.Loaded() {
		t.Errorf("not loaded: %s", got)
	}
	_, err := a.Books.All()
	wantErr(t, err, retort.ErrNotLoaded, "Author.Books", ".With(", "LoadRelated")
	s := k.Engine.Session()
	defer s.Close(ctx)
	loaded, err := Authors.With(&Authors.C.Books).One(ctx, s)
	must(t, err)
	if got := render(loaded); got != `{"with":[],"omitted":[]}` {
		t.Errorf("loaded and empty: %s", got)
	}
	books, err := loaded.Books.All()
	must(t, err)
	if books == nil || len(books) != 0 {
		t.Errorf("got %#v, want an empty slice", books)
	}
}

func TestClientMadeKeys(t *testing.T) {
	t.Parallel()
	seven, err := retort.UUIDv7()
	must(t, err)
	next, err := retort.UUIDv7()
	must(t, err)
	four, err := retort.UUIDv4()
	must(t, err)
	if seven[6]>>4 != 7 || four[6]>>4 != 4 || seven[8]>>6 != 2 || four[8]>>6 != 2 {
		t.Errorf("versions of %x and %x", seven, four)
	}
	if string(next[:]) <= string(seven[:]) {
		t.Errorf("%x does not sort behind %x", next, seven)
	}
}
