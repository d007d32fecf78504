package retort_test

import (
	stdsql "database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math"
	"math/big"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5/pgtype"
	"pgregory.net/rapid"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// Path is an ltree: a version and the text.
type Path string

// Atlas has the types that users ask for as columns of one model.
type Atlas struct {
	retort.UUIDKey
	Path    Path
	Paths   []Path
	Numeric string
	Sum     *string
	Took    time.Duration
	Day     time.Time
	Local   time.Time
	Clock   pgtype.Time
	Addr    netip.Addr
	Net     *netip.Prefix
	Ints    pgtype.Range[int32]
	Spans   pgtype.Multirange[pgtype.Range[int64]]
	Doc     map[string]any
	Grid    [][]int64
	Words   [][]string
	Maybe   []*int32
	Moods   [][]Mood
	Labels  map[string]string
	Folded  string
	ISBNs   []ISBN
	Place   *Place
	Places  []Place
	Raw     []byte
	Big     big.Int
	Ratio   float64
	Ratios  []float32
	At      pgtype.Timestamptz
	Count   stdsql.NullInt64
	Alias   stdsql.Null[string]
	Price   Cents
	Prices  *Cents
}

// Cents is a type of database/sql: it writes and reads itself.
type Cents struct{ n int64 }

// Value is the number of cents.
func (c Cents) Value() (driver.Value, error) { return c.n, nil }

// Scan takes a number of cents.
func (c *Cents) Scan(src any) error {
	n, ok := src.(int64)
	if !ok {
		return fmt.Errorf("cents from %T", src)
	}
	c.n = n
	return nil
}

func (Atlas) Define(d *retort.Definition[Atlas]) {
	d.Column(&d.C.Numeric).Type("numeric")
	d.Column(d.C.Sum).Type("numeric(20,4)")
	d.Column(&d.C.Took).Type("interval")
	d.Column(&d.C.Day).Type("date")
	d.Column(&d.C.Local).Type("timestamp")
	d.Column(&d.C.Labels).Type("hstore")
	d.Column(&d.C.Folded).Type("citext")
	d.Column(&d.C.Price).Type("bigint")
	d.Column(d.C.Prices).Type("bigint")
}

var atlases = retort.NewTable[Atlas]("atlases")

func atlasBase() *retort.Base {
	return retort.NewBase(
		atlases, moods,
		retort.NewCodec("ltree", retort.Codec[Path]{
			Append: func(buf []byte, v Path) ([]byte, error) { return append(append(buf, 1), v...), nil },
			Decode: func(src []byte, dst *Path) error {
				if len(src) == 0 || src[0] != 1 {
					return errors.New("not an ltree")
				}
				*dst = Path(src[1:])
				return nil
			},
			Text: func(buf []byte, v Path) ([]byte, error) { return append(buf, v...), nil },
		}).Create("CREATE EXTENSION ltree"),
		retort.NewDomain("hstore_of_contrib", "hstore").Create("DO $$BEGIN CREATE EXTENSION hstore; CREATE DOMAIN hstore_of_contrib AS hstore; END$$"),
		retort.NewDomain("citext_of_contrib", "citext").Create("DO $$BEGIN CREATE EXTENSION citext; CREATE DOMAIN citext_of_contrib AS citext; END$$"),
		retort.NewDomain("app.isbn", "text").For(ISBN("")).Create("CREATE DOMAIN app.isbn AS text"),
		retort.NewComposite[Place]("place", nil).Create(`CREATE TYPE place AS (street text, zip app.isbn, mood app."Mood", floor integer)`),
	)
}

func drawAtlas(r *rapid.T) *Atlas {
	text := rapid.StringMatching(`[a-zé"\\{}(),' ]{0,8}|NULL`)
	words := rapid.StringMatching(`[a-z]{1,5}(\.[a-z]{1,5}){0,2}`)
	mood := rapid.SampledFrom([]Mood{Glad, Sad})
	number := rapid.StringMatching(`-?[1-9][0-9]{0,20}(\.[0-9]{0,5}[1-9])?|0`)
	second := rapid.Int64Range(-200_000_000_000, 300_000_000_000) // from 4369 BC to 11476
	place := rapid.Custom(func(r *rapid.T) Place {
		return Place{text.Draw(r, "street"), ISBN(text.Draw(r, "zip")), mood.Draw(r, "mood"), rapid.Ptr(rapid.Int32(), true).Draw(r, "floor")}
	})
	width := rapid.IntRange(1, 3).Draw(r, "width")
	low := rapid.Int32Range(-1000, 1000).Draw(r, "low")
	a := &Atlas{
		Path: Path(words.Draw(r, "path")), Numeric: number.Draw(r, "numeric"),
		Took:  time.Duration(rapid.Int64().Draw(r, "took")) / 1000 * 1000,
		Day:   time.Unix(second.Draw(r, "day")/86400*86400, 0).UTC(),
		Local: time.Unix(second.Draw(r, "local"), 0).UTC(),
		Clock: pgtype.Time{Microseconds: rapid.Int64Range(0, 86399999999).Draw(r, "clock"), Valid: true},
		Addr:  netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(r, "addr"))),
		Ints:  pgtype.Range[int32]{Lower: low, Upper: low + 5, LowerType: pgtype.Inclusive, UpperType: pgtype.Exclusive, Valid: true},
		Spans: pgtype.Multirange[pgtype.Range[int64]]{{Lower: int64(low), LowerType: pgtype.Inclusive, UpperType: pgtype.Unbounded, Valid: true}},
		Doc:   map[string]any{text.Draw(r, "key"): text.Draw(r, "value")},
		Grid:  rapid.SliceOfN(rapid.SliceOfN(rapid.Int64(), width, width), 0, 3).Draw(r, "grid"),
		Words: rapid.SliceOfN(rapid.SliceOfN(text, width, width), 0, 3).Draw(r, "words"),
		Maybe: rapid.SliceOfN(rapid.Ptr(rapid.Int32(), true), 0, 4).Draw(r, "maybe"),
		Moods: rapid.SliceOfN(rapid.SliceOfN(mood, width, width), 0, 2).Draw(r, "moods"),

		Labels: rapid.MapOfN(text, text, 0, 3).Draw(r, "labels"), Folded: text.Draw(r, "folded"),
		Places: rapid.SliceOfN(place, 0, 3).Draw(r, "places"), Raw: rapid.SliceOf(rapid.Byte()).Draw(r, "raw"),
	}
	for range rapid.IntRange(0, 3).Draw(r, "paths") {
		a.Paths, a.ISBNs = append(a.Paths, Path(words.Draw(r, "p"))), append(a.ISBNs, ISBN(text.Draw(r, "i")))
	}
	if a.Paths == nil {
		a.Paths, a.ISBNs = []Path{}, []ISBN{}
	}
	if rapid.Bool().Draw(r, "nullable") {
		p, n, sum := place.Draw(r, "place"), netip.MustParsePrefix("2001:db8::/32"), "12.5000"
		a.Place, a.Net, a.Sum = &p, &n, &sum
	}
	a.Ratio = rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1)})).Draw(r, "ratio")
	a.Ratios = rapid.SliceOfN(rapid.Float32(), 0, 3).Draw(r, "ratios")
	a.At = rapid.SampledFrom([]pgtype.Timestamptz{
		{InfinityModifier: pgtype.Infinity, Valid: true},
		{InfinityModifier: pgtype.NegativeInfinity, Valid: true},
		{Time: time.Unix(second.Draw(r, "at"), 0).UTC(), Valid: true},
	}).Draw(r, "at of")
	a.Count = stdsql.NullInt64{Int64: int64(low), Valid: low%2 == 0}
	if !a.Count.Valid {
		a.Count.Int64 = 0
	}
	if low%3 == 0 {
		a.Alias = stdsql.Null[string]{V: text.Draw(r, "alias"), Valid: true}
		a.Prices = &Cents{rapid.Int64().Draw(r, "prices")}
	}
	a.Price = Cents{rapid.Int64().Draw(r, "price")}
	a.Big.SetString(strings.Split(a.Numeric, ".")[0], 10)
	return a
}

// TestEveryType_as_it_was writes rows of anything, reads them back in another
// session, and finds nothing changed.
func TestEveryType_as_it_was(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, atlasBase())
	ctx := t.Context()
	same := cmp.Options{
		cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{}),
		cmpopts.EquateNaNs(), cmpopts.EquateComparable(Cents{}),
		cmp.Comparer(func(a, b big.Int) bool { return a.Cmp(&b) == 0 }),
	}
	rapid.Check(t, func(r *rapid.T) {
		want := drawAtlas(r)
		commit(t, k.Engine, want)
		s := k.Engine.Session()
		defer s.Close(ctx)
		got, err := atlases.Get(ctx, s, want.ID)
		if err != nil {
			r.Fatal(err)
		}
		if diff := cmp.Diff(want, got, same); diff != "" {
			r.Errorf("(-written +read)\n%s", diff)
		}
		if s.Wrote() {
			r.Error("what was read counts as changed")
		}
	})
}
