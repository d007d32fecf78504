package retort_test

import (
	"errors"
	"math"
	"math/big"
	"net"
	"strings"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// Weight has keys of an order whose types write themselves.
type Weight struct {
	retort.BigintKey
	Whole big.Int
	Part  big.Rat
	Price Cents
}

func (Weight) Define(d *retort.Definition[Weight]) {
	d.Column(&d.C.Price).Type("bigint").NotNull()
}

// Score may be no number.
type Score struct {
	retort.BigintKey
	Points points
	Small  float32
}

type points float64

var scores = retort.NewTable[Score]("scores")

var weights = retort.NewTable[Weight]("weights")

func TestPagesByNumbersOfMathBigGoOn(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, retort.NewBase(weights))
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	for n := range int64(4) {
		s.Add(&Weight{Whole: *new(big.Int).Lsh(big.NewInt(n-2), 80), Part: *big.NewRat(n-2, 8), Price: Cents{n}})
	}
	must(t, s.Commit(ctx))
	c := weights.C
	for name, order := range map[string]retort.Order{"big.Int": retort.Asc(&c.Whole), "big.Rat": retort.Desc(&c.Part)} {
		q := weights.OrderBy(order).Limit(1)
		seen := 0
		for page := q; ; seen++ {
			rows, err := page.All(ctx, s)
			if err != nil {
				t.Fatalf("%s, page %d: %v", name, seen, err)
			}
			if len(rows) == 0 || seen > 4 {
				break
			}
			mark, err := q.Bookmark(s, rows[0])
			must(t, err)
			page = q.Resume(mark)
		}
		if seen != 4 {
			t.Errorf("%s: pages gave %d rows of 4", name, seen)
		}
	}
}

// One row without a number must not end a list.
func TestPagesByFloatsGoOnBehindNaNAndInfinity(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, retort.NewBase(scores))
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	for _, f := range []float64{-1, math.NaN(), math.Inf(1), 0.1, math.NaN(), math.Inf(-1)} {
		s.Add(&Score{Points: points(f), Small: float32(f)})
	}
	must(t, s.Commit(ctx))
	c := scores.C
	for name, order := range map[string]retort.Order{"up": retort.Asc(&c.Points), "down": retort.Desc(&c.Points), "float32": retort.Asc(&c.Small)} {
		q := scores.OrderBy(order).Limit(1)
		seen := make(map[int64]bool)
		for page, n := q, 0; n < 7; n++ {
			rows, err := page.All(ctx, s)
			if must(t, err); len(rows) == 0 {
				break
			}
			seen[rows[0].ID] = true
			mark, err := q.Bookmark(s, rows[0])
			must(t, err)
			page = q.Resume(mark)
		}
		if len(seen) != 6 {
			t.Errorf("%s: pages gave %d rows of 6", name, len(seen))
		}
	}
}

func TestBookmarkRefusesValuesThatJSONDoesNotShow(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, retort.NewBase(weights))
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	w := &Weight{Price: Cents{700}}
	s.Add(w)
	must(t, s.Commit(ctx))
	mark, err := weights.OrderBy(retort.Asc(&weights.C.Price)).Bookmark(s, w)
	if err == nil || !strings.Contains(err.Error(), `column "price"`) || strings.Contains(err.Error(), "700") {
		t.Errorf("%s, %v", mark, err)
	}
}

// The values of a row are another place in another order.
func TestResumeRefusesABookmarkOfAnotherOrder(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, library)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	b := Books.C
	mark, err := Books.OrderBy(retort.Asc(&b.Title)).Bookmark(s, &Book{Title: "Emma"})
	must(t, err)
	for name, c := range map[string]struct {
		order []retort.Order
		want  error
	}{
		"the_same":            {[]retort.Order{retort.Asc(&b.Title)}, nil},
		"the_other_direction": {[]retort.Order{retort.Desc(&b.Title)}, retort.ErrBookmark},
		"the_key_descending":  {[]retort.Order{retort.Asc(&b.Title), retort.Desc(&b.ID)}, retort.ErrBookmark},
		"another_column":      {[]retort.Order{retort.Asc(&b.AuthorID)}, retort.ErrBookmark},
	} {
		if _, err := Books.OrderBy(c.order...).Resume(mark).All(ctx, s); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRawSQLTakesRatsAndHardwareAddresses(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, retort.NewBase(weights))
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	mac := net.HardwareAddr{1, 2, 3, 4, 5, 254}
	got, err := retort.SQL[string]("SELECT concat_ws(' ', $1::numeric, $2::macaddr, $3::macaddr[])", big.NewRat(1, 8), mac, []net.HardwareAddr{mac}).One(ctx, s)
	if must(t, err); got != "0.125 01:02:03:04:05:fe {01:02:03:04:05:fe}" {
		t.Error(got)
	}
	if _, err := retort.SQL[string]("SELECT $1::numeric::text", big.NewRat(1, 3)).One(ctx, s); err == nil || !strings.Contains(err.Error(), "no end as a decimal") {
		t.Error(err)
	}
}
