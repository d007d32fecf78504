package retort_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest"
)

// named types, which follow their kind.
type (
	yesNo   bool
	ratio   float64
	labels  []string
	digest  []byte
	address struct {
		Street string
		Floors []int
	}
)

// Everything has each type once as it is and once nullable.
type Everything struct {
	retort.UUIDKey
	I16       int16
	I32       int32
	I64       int64
	Int       int
	F32       float32
	F64       float64
	Bool      bool
	Text      string
	Varchar   string
	Char      string
	Bytes     []byte
	At        time.Time
	Day       time.Time
	UUID      uuid.UUID
	Own       rowID
	Raw       json.RawMessage
	JSON      json.RawMessage
	Map       map[string]any
	Address   address
	List      []string
	Genre     Genre
	Number    number
	Flag      yesNo
	Ratio     ratio
	Labels    labels
	Digest    digest
	Everybody optional
}

// optional is stored as json.
type optional struct{ A *int }

// Maybe has each type nullable.
type Maybe struct {
	retort.UUIDKey
	I16     *int16
	I32     *int32
	I64     *int64
	Int     *int
	F32     *float32
	F64     *float64
	Bool    *bool
	Text    *string
	Varchar *string
	Char    *string
	Bytes   *[]byte
	At      *time.Time
	Day     *time.Time
	UUID    *uuid.UUID
	Own     *rowID
	Raw     *json.RawMessage
	Map     *map[string]any
	Address *address
	List    *[]string
	Genre   *Genre
	Number  *number
	Flag    *yesNo
}

func (Everything) Define(d *retort.Definition[Everything]) {
	d.Column(&d.C.Varchar).Type("varchar(20)")
	d.Column(&d.C.Char).Type("char(5)")
	d.Column(&d.C.Day).Type("date")
	d.Column(&d.C.JSON).Type("json")
	d.Column(&d.C.Address).Type("jsonb")
	d.Column(&d.C.Everybody).Type("jsonb")
}

func (Maybe) Define(d *retort.Definition[Maybe]) {
	d.Column(&d.C.Varchar).Type("varchar(20)")
	d.Column(&d.C.Char).Type("char(5)")
	d.Column(&d.C.Day).Type("date")
	d.Column(&d.C.Address).Type("jsonb")
}

var (
	everythings = retort.NewTable[Everything]("everything")
	maybes      = retort.NewTable[Maybe]("maybe")
	zoo         = retort.NewBase(everythings, maybes, Genres)
)

// everything is a valid row with little in it.
func everything() *Everything {
	return &Everything{
		Genre: Novel, Raw: json.RawMessage("null"), JSON: json.RawMessage("null"), Map: map[string]any{},
		At: time.Unix(0, 0).UTC(), Day: time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC), Char: "     ",
		Bytes: []byte{}, List: []string{}, Labels: labels{}, Digest: digest{}, Address: address{},
	}
}

func TestEveryTypeRoundTrips(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, zoo)
	ctx := t.Context()
	change := func(f func(e *Everything)) *Everything {
		e := everything()
		f(e)
		return e
	}
	for name, e := range map[string]*Everything{
		"little": everything(),
		"least": change(func(e *Everything) {
			e.I16, e.I32, e.I64, e.Int = math.MinInt16, math.MinInt32, math.MinInt64, math.MinInt
			e.F32, e.F64, e.Ratio = float32(math.Inf(-1)), math.Inf(-1), -math.SmallestNonzeroFloat64
			e.Number, e.At = -1, time.Date(-4000, 1, 2, 3, 4, 5, 6000, time.UTC)
			e.Day = time.Date(-4712, 1, 1, 0, 0, 0, 0, time.UTC)
		}),
		"most": change(func(e *Everything) {
			e.I16, e.I32, e.I64, e.Int = math.MaxInt16, math.MaxInt32, math.MaxInt64, math.MaxInt
			e.F32, e.F64, e.Ratio = math.MaxFloat32, math.Inf(1), math.MaxFloat64
			e.At = time.Date(294276, 12, 31, 23, 59, 59, 999999000, time.UTC)
			e.Day = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
			e.Text = strings.Repeat("é𝄞\n\"\\", 200000)
			e.UUID, e.Own = uuid.Max, rowID(uuid.Max)
			e.Bool, e.Flag, e.Genre = true, true, Poetry
			e.Char, e.Varchar = "abc  ", strings.Repeat("é", 20)
			e.Bytes, e.Digest = []byte{0, 1, 255}, digest{0}
			e.List, e.Labels = []string{"", "NULL", `{"a",\}`, "é", " "}, labels{"x"}
			e.Raw, e.JSON = json.RawMessage(`{"a": [1, "é", null, 1.5]}`), json.RawMessage(` {"b":1, "a":2, "b":3} `)
			e.Map = map[string]any{"k": []any{1.0, "x", nil, map[string]any{}}}
			e.Address = address{"Rue de l'Été 1", []int{1, 2}}
			e.Everybody = optional{new(1)}
		}),
		"not_a_number": change(func(e *Everything) { e.F64, e.F32 = math.NaN(), float32(math.NaN()) }),
	} {
		s := k.Engine.Session()
		s.Add(e)
		must(t, s.Commit(ctx))
		must(t, s.Close(ctx))
		s = k.Engine.Session()
		got, err := everythings.Get(ctx, s, e.ID)
		must(t, err)
		if diff := cmp.Diff(e, got, cmpopts.EquateNaNs()); diff != "" && len(diff) < 4000 {
			t.Errorf("%s (-written +read):\n%s", name, diff)
		} else if diff != "" {
			t.Errorf("%s: differs", name)
		}
		if k.RoundTrips(func() { must(t, s.Commit(ctx)) }) != 0 {
			t.Errorf("%s: what was read counts as changed", name)
		}
		must(t, s.Close(ctx))
	}
}

func TestEveryTypeMayBeNull(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, zoo)
	ctx := t.Context()
	full := func() *Maybe {
		e := everything()
		return &Maybe{
			I16: &e.I16, I32: &e.I32, I64: &e.I64, Int: &e.Int, F32: &e.F32, F64: &e.F64, Bool: &e.Bool, Text: &e.Text, Varchar: &e.Varchar,
			Char: &e.Char, Bytes: &e.Bytes, At: &e.At, Day: &e.Day, UUID: &e.UUID, Own: &e.Own, Raw: &e.Raw, Map: &e.Map, Address: &e.Address,
			List: &e.List, Genre: &e.Genre, Number: &e.Number, Flag: &e.Flag,
		}
	}
	none, all := &Maybe{}, full()
	commit(t, k.Engine, none, all)
	if n := k.QueryInt(t, "SELECT num_nulls(VARIADIC ARRAY(SELECT value FROM jsonb_each_text(to_jsonb(m) - 'id'))) FROM maybe m WHERE id = $1", none.ID); n != 22 {
		t.Errorf("%d columns are NULL", n)
	}
	for _, want := range []*Maybe{none, all} {
		s := k.Engine.Session()
		defer s.Close(ctx)
		got, err := maybes.Get(ctx, s, want.ID)
		must(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-written +read):\n%s", diff)
		}
		// Each becomes the other.
		id := got.ID
		if want == none {
			*got = *full()
		} else {
			*got = Maybe{}
		}
		got.ID = id
		must(t, s.Commit(ctx))
		fresh := k.Engine.Session()
		defer fresh.Close(ctx)
		again, err := maybes.Get(ctx, fresh, id)
		must(t, err)
		if diff := cmp.Diff(got, again); diff != "" {
			t.Errorf("after the change (-written +read):\n%s", diff)
		}
	}
}

// TestValuesThatCannotBeStored are errors before any SQL, without the value.
func TestValuesThatCannotBeStored(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, zoo)
	ctx := t.Context()
	for name, f := range map[string]func(e *Everything){
		"text":    func(e *Everything) { e.Text = "s3cret\x00" },
		"varchar": func(e *Everything) { e.Varchar = "s3cret\xff" },
		"genre":   func(e *Everything) { e.Genre = "s3cret\x00" },
		"list":    func(e *Everything) { e.List = []string{"a", "s3cret\xff"} },
		"raw":     func(e *Everything) { e.Raw = json.RawMessage(`{"s3cret": `) },
		"map":     func(e *Everything) { e.Map = map[string]any{"a": "s3cret\x00"} },
		"at":      func(e *Everything) { e.At = time.Date(300000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"day":     func(e *Everything) { e.Day = time.Date(-5000, 1, 1, 0, 0, 0, 0, time.UTC) },
	} {
		e := everything()
		f(e)
		s := k.Engine.Session()
		s.Add(e)
		var err error
		if n := k.RoundTrips(func() { err = s.Commit(ctx) }); n != 0 {
			t.Errorf("%s: %d round trips", name, n)
		}
		var value *retort.ValueError
		if !errors.As(err, &value) || value.Column != name || strings.Contains(err.Error(), "s3cret") || pgerr.KindOf(err) != pgerr.BadValue && pgerr.Transient(err) {
			t.Errorf("%s: got %v", name, err)
		}
		must(t, s.Close(ctx))
	}
	// What only the database can judge is a bad value, too.
	for name, f := range map[string]func(e *Everything){
		"a_label_of_no_enum": func(e *Everything) { e.Genre = "s3cret" },
		"too_long":           func(e *Everything) { e.Varchar = strings.Repeat("s3cret", 10) },
	} {
		e := everything()
		f(e)
		s := k.Engine.Session()
		s.Add(e)
		if err := s.Commit(ctx); pgerr.KindOf(err) != pgerr.BadValue || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: got %v (%s)", name, err, pgerr.KindOf(err))
		}
		must(t, s.Close(ctx))
	}
}
