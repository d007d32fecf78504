package retorttest_test

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// Pennies reads numbers only.
type Pennies struct{ n int64 }

// Value is the number.
func (p Pennies) Value() (driver.Value, error) { return p.n, nil }

// Scan takes a number.
func (p *Pennies) Scan(v any) error {
	n, ok := v.(int64)
	if !ok {
		return fmt.Errorf("pennies of a %T", v)
	}
	p.n = n
	return nil
}

// Gadget has a column of each rarer type, no two rows with the same.
type Gadget struct {
	retort.BigintKey
	Mac   net.HardwareAddr
	IP    net.IP
	Wait  time.Duration
	Clock time.Duration
	Price Pennies
	Seen  sql.NullTime
	Day   sql.NullTime
	Port  pgtype.Range[int32]
}

// Define makes all of them unique.
func (Gadget) Define(d *retort.Definition[Gadget]) {
	d.Column(&d.C.Wait).Type("interval")
	d.Column(&d.C.Clock).Type("time")
	d.Column(&d.C.Price).Type("bigint").NotNull()
	d.Column(&d.C.Seen).NotNull()
	d.Column(&d.C.Day).Type("date").NotNull()
	for _, field := range []any{&d.C.Mac, &d.C.IP, &d.C.Wait, &d.C.Clock, &d.C.Price, &d.C.Seen, &d.C.Day} {
		d.Unique(field)
	}
}

// Fence has a range that Make cannot make.
type Fence struct {
	retort.BigintKey
	Span pgtype.Range[int32]
}

// Define makes the range one that has to be there.
func (Fence) Define(d *retort.Definition[Fence]) { d.Column(&d.C.Span).NotNull() }

func TestMake_has_values_for_the_rarer_types(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, retort.NewBase(retort.NewTable[Gadget]("gadgets"), retort.NewTable[Fence]("fences")))
	for range 3 {
		retorttest.Make[Gadget](t, k)
	}
	if n := k.QueryInt(t, "SELECT count(*) FROM gadgets WHERE port IS NULL"); n != 3 {
		t.Errorf("%d rows", n)
	}
	said := fatal(t, func(tb testing.TB) { tb.Helper(); retorttest.Make[Fence](tb, k) })
	if want := "Make has no value for what is NOT NULL; set Span in a change function"; len(said) != 1 || !strings.Contains(said[0], want) {
		t.Errorf("it said %q", said)
	}
}
