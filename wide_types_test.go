package retort_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// Host has columns of the rarer types.
type Host struct {
	retort.UUIDKey
	Addr   netip.Addr
	Nets   []netip.Prefix
	Price  string
	Uptime time.Duration
	Ports  pgtype.Range[pgtype.Int4]
	Grid   [][]int32
	Seen   *time.Time
}

// Define names the types that the fields leave open.
func (Host) Define(d *retort.Definition[Host]) {
	d.Column(&d.C.Price).Type("numeric(10,2)")
	d.Column(&d.C.Uptime).Type("interval")
	d.Column(&d.C.Seen).Type("timestamp")
}

func TestRarerTypesComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	hosts := retort.NewTable[Host]("hosts")
	k := retorttest.New(t, retort.NewBase(hosts))
	ctx := t.Context()
	h := &Host{
		Addr: netip.MustParseAddr("10.0.0.7"), Nets: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
		Price: "12.50", Uptime: 90 * time.Minute, Grid: [][]int32{{1, 2}, {3, 4}},
		Ports: pgtype.Range[pgtype.Int4]{
			Lower: pgtype.Int4{Int32: 80, Valid: true}, Upper: pgtype.Int4{Int32: 90, Valid: true},
			LowerType: pgtype.Inclusive, UpperType: pgtype.Exclusive, Valid: true,
		},
		Seen: new(time.Date(2024, 2, 29, 1, 2, 3, 4000, time.UTC)),
	}
	commit(t, k.Engine, h)
	s := k.Engine.Session()
	defer s.Close(ctx)
	got, err := hosts.Get(ctx, s, h.ID)
	must(t, err)
	if diff := cmp.Diff(h, got, cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); diff != "" {
		t.Errorf("differs (-written +read):\n%s", diff)
	}
	got.Grid[1][1] = 5
	must(t, s.Commit(ctx))
	if grid := k.QueryString(t, "SELECT grid::text FROM hosts"); grid != "{{1,2},{3,5}}" {
		t.Errorf("the change of one number was not written: %s", grid)
	}
}
