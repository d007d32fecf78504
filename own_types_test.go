package retort_test

import (
	"encoding/binary"
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// Types of a user's own.
type (
	// Embedding is made as pgvector's vector is: a count and float32s.
	Embedding []float32
	Mood      string
	ISBN      string
	Stars     int32
	Place     struct {
		Street string
		Zip    ISBN
		Mood   Mood
		Floor  *int32
	}
)

const (
	Glad Mood = "glad"
	Sad  Mood = "so \"so\", {sad}"
)

var embeddingCodec = retort.Codec[Embedding]{
	Append: func(buf []byte, v Embedding) ([]byte, error) {
		buf = binary.BigEndian.AppendUint16(buf, uint16(len(v)))
		buf = binary.BigEndian.AppendUint16(buf, 0)
		for _, f := range v {
			buf = binary.BigEndian.AppendUint32(buf, math.Float32bits(f))
		}
		return buf, nil
	},
	Decode: func(src []byte, dst *Embedding) error {
		if len(src) < 4 || len(src) != 4+4*int(binary.BigEndian.Uint16(src)) {
			return errors.New("not a vector")
		}
		*dst = make(Embedding, 0, len(src)/4-1)
		for at := 4; at < len(src); at += 4 {
			*dst = append(*dst, math.Float32frombits(binary.BigEndian.Uint32(src[at:])))
		}
		return nil
	},
	Text: func(buf []byte, v Embedding) ([]byte, error) {
		buf = append(buf, '[')
		for i, f := range v {
			if i > 0 {
				buf = append(buf, ',')
			}
			buf = strconv.AppendFloat(buf, float64(f), 'g', -1, 32)
		}
		return append(buf, ']'), nil
	},
}

// Frond has a column of each kind of type that users make.
type Frond struct {
	retort.BigintKey
	ISBN      ISBN
	ISBNs     []ISBN
	Mood      Mood
	Moods     []Mood
	Deep      [][]Mood
	MaybeMood *Mood
	Place     Place
	Places    []Place
	Nowhere   *Place
	Stars     Stars
	Span      pgtype.Range[float64]
	Spans     pgtype.Multirange[pgtype.Range[float64]]
	Plain     string
}

func (Frond) Define(d *retort.Definition[Frond]) {
	d.Column(&d.C.Span).Type("floatspan")
	d.Column(&d.C.Spans).Type("floatspans")
	d.Column(&d.C.Plain).Type("app.isbn")
}

var (
	fronds   = retort.NewTable[Frond]("fronds", retort.InNamespace("app"))
	moods    = retort.NewEnum("Mood", Glad, Sad).InNamespace("app")
	woodland = retort.NewBase(
		fronds, moods,
		retort.NewDomain("app.isbn", "text").For(ISBN("")).Create("CREATE DOMAIN app.isbn AS text CHECK (VALUE <> 'bad')"),
		retort.NewDomain("stars", "integer").For(Stars(0)).Create("CREATE DOMAIN stars AS integer CHECK (VALUE BETWEEN 0 AND 5)"),
		retort.NewComposite[Place]("place", nil).Create(`CREATE TYPE place AS (street text, zip app.isbn, mood app."Mood", floor integer)`),
		retort.NewRange("floatspan", "double precision").Create("CREATE TYPE floatspan AS RANGE (SUBTYPE = double precision, MULTIRANGE_TYPE_NAME = floatspans)"),
		retort.NewMultirange("floatspans", "floatspan"),
	)
)

func newFrond() *Frond {
	sad := Sad
	span := pgtype.Range[float64]{Lower: 1.5, Upper: 2.5, LowerType: pgtype.Inclusive, UpperType: pgtype.Exclusive, Valid: true}
	home := Place{"Rue \"é\", (1)", "97\\8", Sad, new(int32(3))}
	return &Frond{
		ISBN: "978", ISBNs: []ISBN{"1", "", `{,"\`}, Mood: Glad, Moods: []Mood{Glad, Sad}, Deep: [][]Mood{{Sad, Glad}, {Glad, Glad}}, MaybeMood: &sad,
		Place: home, Places: []Place{home, {"", "", Glad, nil}}, Nowhere: &home, Stars: 5,
		Span: span, Spans: pgtype.Multirange[pgtype.Range[float64]]{span}, Plain: "x",
	}
}

func TestOwnTypes_are_columns(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, woodland)
	ctx := t.Context()
	want := newFrond()
	commit(t, k.Engine, want)
	s := k.Engine.Session()
	defer s.Close(ctx)
	got, err := fronds.Get(ctx, s, want.ID)
	must(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-written +read)\n%s", diff)
	}
	if n := k.RoundTrips(func() { must(t, s.Commit(ctx)) }); n != 0 {
		t.Errorf("what was read counts as changed: %d round trips", n)
	}
	got.Deep[1][0], got.Places[1].Street, got.Stars = Sad, "elsewhere", 0
	must(t, s.Commit(ctx))
	if text := k.QueryString(t, "SELECT concat(deep[2][1], places[2], stars) FROM app.fronds"); text != string(Sad)+"(elsewhere,\"\",glad,)0" {
		t.Errorf("after the change: %s", text)
	}

	c := fronds.C
	for name, q := range map[string]*retort.Query[Frond]{
		"Eq(enum)":      fronds.Where(retort.Eq(&c.Mood, Glad)),
		"In(enum)":      fronds.Where(retort.In(&c.Mood, []Mood{Glad, Sad})),
		"In(domain)":    fronds.Where(retort.In(&c.ISBN, []ISBN{"1", "978"})),
		"In(number)":    fronds.Where(retort.In(&c.Stars, []Stars{0, 1})),
		"In(composite)": fronds.Where(retort.In(&c.Place, []Place{newFrond().Place})),
		"In(nullable)":  fronds.Where(retort.In(c.MaybeMood, []Mood{Sad})),
		"Eq(array)":     fronds.Where(retort.Eq(&c.Moods, []Mood{Glad, Sad})),
		"Eq(composite)": fronds.Where(retort.Eq(&c.Place, newFrond().Place)),
		"Eq(range)":     fronds.Where(retort.Eq(&c.Span, newFrond().Span)),
		"Like(enum)":    fronds.Where(retort.Like(&c.Mood, "gl%")),
	} {
		if n, err := q.Count(ctx, s); err != nil || n != 1 {
			t.Errorf("%s: %d, %v", name, n, err)
		}
	}
}

func TestOwnTypes_in_raw_SQL(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, woodland)
	ctx := t.Context()
	want := newFrond()
	commit(t, k.Engine, want)
	s := k.Engine.Session()
	defer s.Close(ctx)
	type row struct {
		Mood   Mood
		Moods  []Mood
		Place  Place
		Places []*Place
		ISBN   ISBN `db:"isbn"`
	}
	got, err := retort.SQL[row](`SELECT mood, moods, place, places, isbn FROM app.fronds
		WHERE mood = $1 AND moods = $2::app."Mood"[] AND place = $3::place AND places = $4::place[] AND isbn = $5`,
		want.Mood, want.Moods, want.Place, want.Places, want.ISBN).One(ctx, s)
	must(t, err)
	if diff := cmp.Diff(row{want.Mood, want.Moods, want.Place, []*Place{&want.Places[0], &want.Places[1]}, want.ISBN}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	place, err := retort.SQL[Place]("SELECT place FROM app.fronds").One(ctx, s)
	must(t, err)
	if diff := cmp.Diff(want.Place, place); diff != "" {
		t.Errorf("a composite as the only value (-want +got)\n%s", diff)
	}
	mood, err := retort.SQL[*Mood]("SELECT NULL::app.\"Mood\"").One(ctx, s)
	if err != nil || mood != nil {
		t.Errorf("%v, %v", mood, err)
	}
}

func TestOwnTypes_are_made_once(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, woodland)
	ctx := t.Context()
	must(t, woodland.CreateAll(ctx, k.Engine)) // everything is there
	k.Exec(t, "DROP TABLE app.fronds; DROP TYPE place; DROP DOMAIN stars")
	must(t, woodland.CreateAll(ctx, k.Engine))
	commit(t, k.Engine, newFrond())
	text, err := woodland.SQL()
	must(t, err)
	for _, part := range []string{`CREATE SCHEMA "app"`, `CREATE TYPE "app"."Mood" AS ENUM (`, "CREATE DOMAIN app.isbn", "CREATE TYPE place", `"moods" "app"."Mood"[] NOT NULL`, `"plain" app.isbn NOT NULL`} {
		before, after, ok := strings.Cut(text, part)
		if !ok {
			t.Fatalf("no %s in\n%s%s", part, before, after)
		}
		text = after // in this order
	}
}

func TestRowsWithEnumsOfANamespaceAreWrittenTogether(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, woodland)
	ctx := t.Context()
	commit(t, k.Engine, newFrond(), newFrond())
	s := k.Engine.Session()
	defer s.Close(ctx)
	rows, err := fronds.OrderBy(retort.Asc(&fronds.C.ID)).All(ctx, s)
	must(t, err)
	for _, f := range rows {
		f.Mood, f.MaybeMood, f.Moods, f.Deep = Sad, nil, []Mood{Sad}, nil
	}
	must(t, s.Commit(ctx))
	if n := k.QueryInt(t, `SELECT count(*) FROM app.fronds WHERE mood = $1 AND moods = ARRAY[mood] AND maybe_mood IS NULL AND deep = '{}'`, string(Sad)); n != 2 {
		t.Errorf("%d rows of 2 were changed", n)
	}
}
