package guidetest_test

import (
	"context"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest"
)

type Coupon struct {
	retort.UUIDKey
	Code string
}

func (Coupon) Define(d *retort.Definition[Coupon]) { d.Unique(&d.C.Code) }

var Coupons = retort.NewTable[Coupon]("coupons")

func TestUnits_of_work_savepoint(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, retort.NewBase(Coupons))
	ctx, code := t.Context(), "SPRING"
	retorttest.Make(t, k, func(c *Coupon) { c.Code = code })
	s := k.Engine.Session()
	defer s.Close(ctx)
	s.Add(&Coupon{Code: "SUMMER"})

	err := s.Savepoint(ctx, func(ctx context.Context) error {
		s.Add(&Coupon{Code: code})
		return s.Flush(ctx) // a code that is taken fails this part alone
	})

	if pgerr.KindOf(err) != pgerr.Unique {
		t.Fatal(err)
	}
	must(t, s.Commit(ctx))
	if n := k.QueryInt(t, "SELECT count(*) FROM coupons"); n != 2 {
		t.Errorf("%d coupons", n)
	}
}
