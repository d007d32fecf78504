package mapper_test

import (
	"encoding/json"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/internal/mapper"
)

// Everything has every kind of column that is compared in its own way.
type Everything struct {
	Row
	Small int16
	Gap   int64
	Flag  bool
	Ratio float32
	Raw   []byte
	List  []string
	Map   map[string]any
	Deep  struct{ A *int }
	N     *Nullable `db:"-"`
	Name2 *string
	At    *time.Time
	Blob  *[]byte
	More  *[]string
	Any   *map[string]any
	U     *UUID
	Left  func() `db:"-"`
}

func everything() *Everything {
	at, one := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), 1
	e := &Everything{
		Row: *sampleRow(), Small: 1, Gap: 2, Flag: true, Ratio: 0.5, Raw: []byte("raw"), List: []string{"a", "b"},
		Map: map[string]any{"k": "v"}, Name2: new("n"), At: &at, Blob: &[]byte{1, 2}, More: &[]string{"m"}, Any: &map[string]any{"x": 1.0}, U: &UUID{1},
	}
	e.Deep.A = &one
	return e
}

var everythingTypes = map[string]string{"due": "date", "deep": "jsonb"}

func TestChanged(t *testing.T) {
	t.Parallel()
	p := planOf[Everything](t, everythingTypes)
	for _, tt := range []struct {
		title string
		edit  func(e *Everything)
		want  []string
	}{
		{"sees nothing in an untouched object", func(*Everything) {}, nil},
		{"sees a uuid", func(e *Everything) { e.ID[15]++ }, []string{"id"}},
		{"sees a string", func(e *Everything) { e.Name = "other" }, []string{"name"}},
		{"sees an empty string", func(e *Everything) { e.Name = "" }, []string{"name"}},
		{"sees numbers side by side", func(e *Everything) { e.Views, e.Rank = 1, 1 }, []string{"views", "rank"}},
		{"sees numbers behind padding", func(e *Everything) { e.Small, e.Flag = 9, false }, []string{"small", "flag"}},
		{"sees a json document replaced", func(e *Everything) { e.Meta = json.RawMessage(`1`) }, []string{"meta"}},
		{"sees a json document edited in place", func(e *Everything) { e.Meta[0] = ' ' }, []string{"meta"}},
		{"sees bytes edited in place", func(e *Everything) { e.Raw[0]++ }, []string{"raw"}},
		{"sees bytes grown", func(e *Everything) { e.Raw = append(e.Raw, 0) }, []string{"raw"}},
		{"sees a list edited in place", func(e *Everything) { e.List[1] = "c" }, []string{"list"}},
		{"sees a map edited in place", func(e *Everything) { e.Map["new"] = 1 }, []string{"map"}},
		{"sees a pointee inside json", func(e *Everything) { *e.Deep.A = 2 }, []string{"deep"}},
		{"sees a pointee edited in place", func(e *Everything) { *e.Note = "x" }, []string{"note"}},
		{"sees NULL where a value was", func(e *Everything) { e.Note = nil }, []string{"note"}},
		{"sees bytes behind a pointer edited", func(e *Everything) { (*e.Blob)[0]++ }, []string{"blob"}},
		{"sees a list behind a pointer edited", func(e *Everything) { (*e.More)[0] = "z" }, []string{"more"}},
		{"sees a map behind a pointer edited", func(e *Everything) { (*e.Any)["x"] = 2 }, []string{"any"}},
		{"sees json become NULL", func(e *Everything) { e.Any = nil }, []string{"any"}},
		{"sees a time behind a pointer", func(e *Everything) { *e.At = e.At.Add(time.Microsecond) }, []string{"at"}},
		{"sees a uuid behind a pointer", func(e *Everything) { e.U[3]++ }, []string{"u"}},
		{"sees a microsecond", func(e *Everything) { e.Created = e.Created.Add(time.Microsecond) }, []string{"created"}},
		{"sees another day", func(e *Everything) { e.Due = e.Due.AddDate(0, 0, 1) }, []string{"due"}},
		{"sees the sign of zero", func(e *Everything) { e.Ratio = float32(math.Copysign(0, -1)) }, []string{"ratio"}},
		{"lists columns in order", func(e *Everything) { e.Name2, e.Gap, e.Name, e.ID = nil, 0, "", UUID{} }, []string{"id", "name", "gap", "name2"}},
		{"ignores nanoseconds", func(e *Everything) { e.Created = e.Created.Add(999) }, nil},
		{"ignores another zone", func(e *Everything) { e.Created = e.Created.In(time.FixedZone("", 3600)) }, nil},
		{"ignores the hour of a date", func(e *Everything) { e.Due = e.Due.Add(23 * time.Hour) }, nil},
		{"ignores an equal pointee", func(e *Everything) { e.Note = new(*e.Note) }, nil},
		{"ignores an equal slice", func(e *Everything) { e.Raw = append([]byte(nil), e.Raw...) }, nil},
		{"ignores fields that are no columns", func(e *Everything) { e.N, e.Left = &Nullable{}, func() {} }, nil},
	} {
		t.Run(tt.title, func(t *testing.T) {
			t.Parallel()
			e := everything()
			o := object(t, p, e)
			s := p.Snapshot(o)
			tt.edit(e)
			if diff := cmp.Diff(tt.want, changedNames(t, p, o, s)); diff != "" {
				t.Error(diff)
			}
			if again := changedNames(t, p, o, p.Snapshot(o)); len(again) != 0 {
				t.Errorf("a new snapshot differs in %v", again)
			}
		})
	}
}

func changedNames(t *testing.T, p *mapper.Plan, o mapper.Object, s mapper.Snapshot) (names []string) {
	t.Helper()
	changed, err := p.Changed(o, s, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, col := range changed {
		names = append(names, p.Name(col))
	}
	return names
}

func TestChanged_sees_values_where_NULL_was(t *testing.T) {
	t.Parallel()
	p := planOf[Nullable](t, nullableTypes)
	n := &Nullable{}
	o := object(t, p, n)
	s := p.Snapshot(o)
	*n = *fullNullable()
	if got := changedNames(t, p, o, s); len(got) != p.Len() {
		t.Errorf("only %v", got)
	}
	s = p.Snapshot(o)
	*n = *fullNullable()
	if got := changedNames(t, p, o, s); got != nil {
		t.Errorf("equal values behind other pointers: %v", got)
	}
}

func TestChanged_keeps_what_dst_held(t *testing.T) {
	t.Parallel()
	p := planOf[Everything](t, everythingTypes)
	e := everything()
	o := object(t, p, e)
	s := p.Snapshot(o)
	e.Name, e.Gap = "x", 9
	got, err := p.Changed(o, s, []int{77, 3})
	if err != nil || len(got) != 4 || got[0] != 77 || got[1] != 3 {
		t.Error(got, err)
	}
	e.Map["bad"] = math.NaN()
	got, err = p.Changed(o, s, []int{77})
	var value *mapper.ValueError
	if !errors.As(err, &value) || value.Column != "map" || len(got) != 1 {
		t.Error(got, err)
	}
}

func TestChanged_treats_nil_and_empty_alike(t *testing.T) {
	t.Parallel()
	type M struct {
		A []byte
		B []string
	}
	p := planOf[M](t, nil)
	m := &M{}
	o := object(t, p, m)
	s := p.Snapshot(o)
	m.A, m.B = []byte{}, []string{}
	if got := changedNames(t, p, o, s); got != nil {
		t.Error(got)
	}
}

func TestChanged_allocates_nothing_without_json(t *testing.T) {
	p := planOf[Wide](t, nil)
	o := object(t, p, &Wide{Note: new("n")})
	s := p.Snapshot(o)
	var dst []int
	if n := testing.AllocsPerRun(100, func() { dst, _ = p.Changed(o, s, dst[:0]) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestChanged_sees_numbers_behind_padding(t *testing.T) {
	t.Parallel()
	type M struct {
		A int16
		B int64
		C bool
		D int64
		E int32
	}
	p := planOf[M](t, nil)
	for col, edit := range []func(m *M){
		func(m *M) { m.A++ }, func(m *M) { m.B++ }, func(m *M) { m.C = true }, func(m *M) { m.D++ }, func(m *M) { m.E-- },
	} {
		m := &M{}
		o := object(t, p, m)
		s := p.Snapshot(o)
		edit(m)
		if diff := cmp.Diff([]string{p.Name(col)}, changedNames(t, p, o, s)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestSnapshotAfter(t *testing.T) {
	t.Parallel()
	p := planOf[Everything](t, everythingTypes)
	e := everything()
	o := mapper.ObjectAt(e)
	then := p.Snapshot(o)
	deep, _ := p.Index("deep")
	name, _ := p.Index("name")
	*e.Deep.A, e.Name = 2, "other"
	now := p.SnapshotAfter(o, then, []int{name}, []int{deep})
	if changed, err := p.Changed(o, now, nil); err != nil || len(changed) != 0 {
		t.Errorf("changed right behind the snapshot: %v %v", changed, err)
	}
	e.Map["k"] = "in place"
	*e.Deep.A = 3
	for what, s := range map[string]mapper.Snapshot{"alone": now, "of many": p.NewSnapshots(2).After(o, now)} {
		changed, err := p.Changed(o, s, nil)
		if err != nil {
			t.Fatal(err)
		}
		m, _ := p.Index("map")
		if diff := cmp.Diff([]int{m, deep}, changed); diff != "" {
			t.Errorf("%s: %s", what, diff) // the forms were taken over: what nobody wrote still counts as changed
		}
	}
}
