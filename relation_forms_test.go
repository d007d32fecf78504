package retort_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/schema"
)

// Theater has a key of two columns, and every kind of relation over it.
type Theater struct {
	House  string
	No     int32
	NextNo *int32
	Next   retort.One[Theater]
	Before retort.Many[Theater]
	Chairs retort.Many[Chair]
	Screen retort.One[Screen]
	Films  retort.Many[Film]
	Guests retort.Many[Guest]
}

// Chair has a key that begins with that of its theater.
type Chair struct {
	House   string
	Theater int32
	No      int32
	Broken  bool
	Of      retort.One[Theater]
}

// Screen is a theater's only one.
type Screen struct {
	retort.BigintKey
	House   string
	Theater int32
	Of      retort.One[Theater]
}

// Film is shown in theaters.
type Film struct {
	Title string
	Year  int32
	In    retort.Many[Theater]
}

// Guest visits theaters, Visit says when.
type Guest struct {
	Country string
	Number  int32
}

type Visit struct {
	retort.BigintKey
	House   string
	Theater int32
	Country string
	Number  int32
	Day     string
}

func (Theater) Define(d *retort.Definition[Theater]) {
	d.PrimaryKey(&d.C.House, &d.C.No)
	d.ForeignKey([]any{&d.C.House, d.C.NextNo}, []any{&theaters.C.House, &theaters.C.No})
	retort.BelongsTo(d, &d.C.Next, theaters, d.C.NextNo)
	retort.HasMany(d, &d.C.Before, theaters, func(t *Theater) *int32 { return t.NextNo })
	retort.HasMany(d, &d.C.Chairs, chairs, func(c *Chair) *int32 { return &c.Theater }).OrderBy(retort.Desc(&chairs.C.No)).OnRemove(schema.Cascade)
	retort.HasOne(d, &d.C.Screen, screens, func(s *Screen) *int32 { return &s.Theater }).OnRemove(schema.Cascade)
	retort.ManyToMany(d, &d.C.Films, showings)
	retort.ManyThrough(d, &d.C.Guests, guests, visits, func(v *Visit) *int32 { return &v.Theater }, func(v *Visit) *int32 { return &v.Number })
}

func (Chair) Define(d *retort.Definition[Chair]) {
	d.PrimaryKey(&d.C.House, &d.C.Theater, &d.C.No)
	d.ForeignKey([]any{&d.C.House, &d.C.Theater}, []any{&theaters.C.House, &theaters.C.No})
	retort.BelongsTo(d, &d.C.Of, theaters, &d.C.Theater)
}

func (Screen) Define(d *retort.Definition[Screen]) {
	d.Unique(&d.C.House, &d.C.Theater)
	d.ForeignKey([]any{&d.C.House, &d.C.Theater}, []any{&theaters.C.House, &theaters.C.No})
	retort.BelongsTo(d, &d.C.Of, theaters, &d.C.Theater)
}

func (Film) Define(d *retort.Definition[Film]) {
	d.PrimaryKey(&d.C.Title, &d.C.Year)
	retort.ManyToMany(d, &d.C.In, showings.Reverse())
}

func (Guest) Define(d *retort.Definition[Guest]) { d.PrimaryKey(&d.C.Country, &d.C.Number) }

func (Visit) Define(d *retort.Definition[Visit]) {
	d.ForeignKey([]any{&d.C.House, &d.C.Theater}, []any{&theaters.C.House, &theaters.C.No})
	d.ForeignKey([]any{&d.C.Country, &d.C.Number}, []any{&guests.C.Country, &guests.C.Number})
}

var (
	theaters = retort.NewTable[Theater]("theaters")
	chairs   = retort.NewTable[Chair]("chairs")
	screens  = retort.NewTable[Screen]("screens")
	films    = retort.NewTable[Film]("films")
	guests   = retort.NewTable[Guest]("guests")
	visits   = retort.NewTable[Visit]("visits")
	showings = retort.NewLinkTable("showings", theaters, films)
	cinema   = retort.NewBase(theaters, chairs, screens, films, guests, visits, showings)
)

// describeTheater is a theater with what is loaded of its relations.
func describeTheater(h *Theater) (string, error) {
	list := func(n int, err error, name func(i int) string) string {
		if errors.Is(err, retort.ErrNotLoaded) {
			return "?"
		}
		var names []string
		for i := range n {
			names = append(names, name(i))
		}
		return strings.Join(names, ",")
	}
	next, nextErr := h.Next.Get()
	before, beforeErr := h.Before.All()
	seats, seatsErr := h.Chairs.All()
	screen, screenErr := h.Screen.Get()
	shown, shownErr := h.Films.All()
	came, cameErr := h.Guests.All()
	out := fmt.Sprintf("%s%d", h.House, h.No)
	if next != nil {
		out += fmt.Sprint(" next ", next.No)
	}
	if screen != nil {
		out += fmt.Sprint(" screen of ", screen.Theater)
	}
	out += " before " + list(len(before), beforeErr, func(i int) string { return fmt.Sprint(before[i].No) }) +
		" chairs " + list(len(seats), seatsErr, func(i int) string { return fmt.Sprint(seats[i].No) }) +
		" films " + list(len(shown), shownErr, func(i int) string { return shown[i].Title }) +
		" guests " + list(len(came), cameErr, func(i int) string { return came[i].Country })
	for _, err := range []error{nextErr, beforeErr, seatsErr, screenErr, shownErr, cameErr} {
		if err != nil && !errors.Is(err, retort.ErrNotLoaded) {
			return "", err
		}
	}
	return out, nil
}

// newCinema is a house with two theaters, the first with all that it can have.
func newCinema(t *testing.T) (*retorttest.Kit, *recorder) {
	t.Helper()
	seen := &recorder{}
	k := retorttest.New(t, cinema, func(c *retort.Config) { c.Observer = seen })
	s := k.Engine.Session()
	defer s.Close(t.Context())
	second := &Theater{House: "a", No: 2}
	first := &Theater{
		House: "a", No: 1, Next: retort.OneOf(second),
		Chairs: retort.ManyOf(&Chair{No: 1}, &Chair{No: 2}, &Chair{No: 3}),
		Screen: retort.OneOf(&Screen{}),
		Films:  retort.ManyOf(&Film{Title: "Alien", Year: 1979}, &Film{Title: "Brazil", Year: 1985}),
	}
	guest := &Guest{Country: "pt", Number: 1}
	s.Add(first, guest, &Theater{House: "b", No: 1})
	must(t, s.Flush(t.Context()))
	s.Add(&Visit{House: "a", Theater: 1, Country: "pt", Number: 1, Day: "monday"}, &Visit{House: "a", Theater: 1, Country: "pt", Number: 1, Day: "friday"})
	must(t, s.Commit(t.Context()))
	return k, seen
}

// TestRelationForms reads relations of every kind over keys of two columns, and
// compares the SQL.
func TestRelationForms(t *testing.T) {
	t.Parallel()
	k, seen := newCinema(t)
	c := theaters.C
	read := func(relations ...retort.Relation) func(context.Context, *retort.Session) ([]string, error) {
		return func(ctx context.Context, s *retort.Session) ([]string, error) {
			rows, err := theaters.With(relations...).ByKey().All(ctx, s)
			if err != nil {
				return nil, err
			}
			out := make([]string, len(rows))
			for i, h := range rows {
				if out[i], err = describeTheater(h); err != nil {
					return nil, err
				}
			}
			return out, nil
		}
	}
	of := func(first, second, third string) []string {
		return []string{"a1 next 2" + first, "a2" + second, "b1" + third}
	}
	runForms(t, "relations.sql", k, seen, []form{
		{"belongs_to", read(&c.Next), of(" before ? chairs ? films ? guests ?", " before ? chairs ? films ? guests ?", " before ? chairs ? films ? guests ?")},
		{"has_many", read(&c.Chairs), of(" before ? chairs 3,2,1 films ? guests ?", " before ? chairs  films ? guests ?", " before ? chairs  films ? guests ?")},
		{"has_one", read(&c.Screen), of(" screen of 1 before ? chairs ? films ? guests ?", " before ? chairs ? films ? guests ?", " before ? chairs ? films ? guests ?")},
		{"many_to_many", read(&c.Films), of(" before ? chairs ? films Alien,Brazil guests ?", " before ? chairs ? films  guests ?", " before ? chairs ? films  guests ?")},
		{"many_through", read(&c.Guests), of(" before ? chairs ? films ? guests pt", " before ? chairs ? films ? guests ", " before ? chairs ? films ? guests ")},
		{"to_itself", read(&c.Before), of(" before  chairs ? films ? guests ?", " before 1 chairs ? films ? guests ?", " before  chairs ? films ? guests ?")},
		{"all_at_once", read(&c.Next, &c.Before, &c.Chairs, &c.Screen, &c.Films, &c.Guests), of(" screen of 1 before  chairs 3,2,1 films Alien,Brazil guests pt", " before 1 chairs  films  guests ", " before  chairs  films  guests ")},
		{"the_first_of_each", read(retort.Load(&c.Chairs).OrderBy(retort.Asc(&chairs.C.No)).Limit(2)), of(" before ? chairs 1,2 films ? guests ?", " before ? chairs  films ? guests ?", " before ? chairs  films ? guests ?")},
		{"the_first_of_each_tie", read(retort.Load(&c.Films).OrderBy(retort.Desc(&films.C.Year)).Limit(1)), of(" before ? chairs ? films Brazil guests ?", " before ? chairs ? films  guests ?", " before ? chairs ? films  guests ?")},
		{"the_first_of_each_through_a_model", read(retort.Load(&c.Guests).OrderBy(retort.Asc(&guests.C.Country)).Limit(2)), of(" before ? chairs ? films ? guests pt", " before ? chairs ? films ? guests ", " before ? chairs ? films ? guests ")},
		{"filtered_and_ordered", read(retort.Load(&c.Films).Where(retort.Lt(&films.C.Year, 1985)), retort.Load(&c.Chairs).Where(retort.Gt(&chairs.C.No, 1)).OrderBy(retort.Asc(&chairs.C.No))), of(" before ? chairs 2,3 films Alien guests ?", " before ? chairs  films  guests ?", " before ? chairs  films  guests ?")},
		{"nested", read(retort.Load(&c.Next).With(&c.Films, retort.Load(&c.Before).With(&c.Chairs))), of(" before ? chairs 3,2,1 films ? guests ?", " before 1 chairs ? films  guests ?", " before ? chairs ? films ? guests ?")},
		{"later", func(ctx context.Context, s *retort.Session) ([]string, error) {
			rows, err := theaters.Query().ByKey().All(ctx, s)
			if err == nil {
				err = retort.LoadRelated(ctx, s, rows, &c.Chairs, &c.Films, &c.Guests, &c.Before, &c.Screen)
			}
			if err != nil {
				return nil, err
			}
			text, err := describeTheater(rows[0])
			return []string{text}, err
		}, []string{"a1 next 2 screen of 1 before  chairs 3,2,1 films Alien,Brazil guests pt"}},
		{"in_a_transaction", func(ctx context.Context, s *retort.Session) ([]string, error) {
			s.Add(&Guest{Country: "es", Number: 2})
			rows, err := theaters.With(&c.Chairs, retort.Load(&c.Films).With(&films.C.In)).ByKey().All(ctx, s)
			if err != nil {
				return nil, err
			}
			text, err := describeTheater(rows[0])
			return []string{text}, err
		}, []string{"a1 next 2 before ? chairs 3,2,1 films Alien,Brazil guests ?"}},
	})
}

// TestOneShapeForAnyNumberOfParents reads relations of one, two and all parents: the
// texts do not depend on how many there are.
func TestOneShapeForAnyNumberOfParents(t *testing.T) {
	t.Parallel()
	k, seen := newCinema(t)
	ctx := t.Context()
	c := theaters.C
	relations := []retort.Relation{&c.Next, &c.Before, &c.Chairs, &c.Screen, &c.Films, &c.Guests, retort.Load(&c.Chairs).Limit(1)}
	for _, r := range relations {
		texts := map[string][]int{}
		for n := 1; n <= 3; n++ {
			s := k.Engine.Session()
			rows, err := theaters.Query().ByKey().Limit(n).All(ctx, s)
			must(t, err)
			seen.take()
			must(t, retort.LoadRelated(ctx, s, rows, r))
			text := strings.Join(seen.lines(), "\n")
			texts[text] = append(texts[text], n)
			must(t, s.Close(ctx))
		}
		if len(texts) != 1 {
			t.Errorf("%d texts: %v", len(texts), texts)
		}
	}
}

// TestCompositeRelationsAreChanged changes relations of every kind over keys of two
// columns and looks at the rows.
func TestCompositeRelationsAreChanged(t *testing.T) {
	t.Parallel()
	k, _ := newCinema(t)
	ctx := t.Context()
	c := theaters.C
	s := k.Engine.Session()
	defer s.Close(ctx)
	all, err := theaters.With(&c.Next, &c.Before, &c.Chairs, &c.Screen, &c.Films).ByKey().All(ctx, s)
	must(t, err)
	first, second := all[0], all[1]
	seats := val(first.Chairs.All())(t)
	shown := val(first.Films.All())(t)
	screen := val(first.Screen.Get())(t)
	if of := val(seats[0].Of.Get())(t); of != first {
		t.Errorf("the chair is of %v", of)
	}
	wantErr(t, first.Guests.Append(&Guest{}), nil, "the rows in between have columns of their own")
	must(t, errors.Join(
		first.Chairs.Remove(seats[0]),
		second.Chairs.Append(&Chair{No: 9}),
		second.Screen.Set(screen), // another theater's
		first.Films.Remove(shown[0]),
		second.Films.Append(shown[0], &Film{Title: "Clue", Year: 1985}),
		first.Next.Set(nil),
		second.Next.Set(first),
	))
	must(t, s.Commit(ctx))
	got := k.Rows(t, `SELECT h.house || h.no || ' next ' || coalesce(h.next_no::text, '-')
		|| ' chairs ' || coalesce((SELECT string_agg(c.no::text, ',' ORDER BY c.no) FROM chairs c WHERE (c.house, c.theater) = (h.house, h.no)), '')
		|| ' screens ' || (SELECT count(*) FROM screens x WHERE (x.house, x.theater) = (h.house, h.no))
		|| ' films ' || coalesce((SELECT string_agg(film_title, ',' ORDER BY 1) FROM showings w WHERE (w.theater_house, w.theater_no) = (h.house, h.no)), '')
		FROM theaters h WHERE house = 'a' ORDER BY 1`)
	want := []string{"a1 next - chairs 1,2 screens 0 films Brazil", "a2 next 1 chairs 9 screens 1 films Alien,Clue"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	before := val(first.Before.All())(t)
	if !slices.Equal(before, []*Theater{second}) {
		t.Errorf("before the first %v", before)
	}
}
