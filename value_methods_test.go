package retort_test

import (
	"context"
	stdsql "database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

type (
	// Tags write themselves as json.
	Tags map[string]string
	// Moment writes itself as a time.
	Moment struct{ time.Time }
)

// Value is the json of the tags.
func (t Tags) Value() (driver.Value, error) { return json.Marshal(map[string]string(t)) }

// Scan takes json.
func (t *Tags) Scan(src any) error {
	text, ok := src.([]byte)
	if !ok {
		return fmt.Errorf("tags from %T", src)
	}
	return json.Unmarshal(text, (*map[string]string)(t))
}

// Value is the time.
func (m Moment) Value() (driver.Value, error) { return m.Time, nil }

// Scan takes the texts that the columns of a Waybill give.
func (m *Moment) Scan(src any) (err error) {
	text, ok := src.(string)
	if !ok {
		return fmt.Errorf("a moment from %T", src)
	}
	if m.Time, err = time.Parse(time.RFC3339, text); err != nil {
		m.Time, err = time.Parse("15:04:05", text)
	}
	return err
}

// Waybill has types with Value and Scan in columns of several types.
type Waybill struct {
	Code  string
	Tags  Tags
	Notes []stdsql.NullString
	Sent  stdsql.NullTime
	Text  Moment
	Clock Moment
	Sum   big.Float
}

func (Waybill) Define(d *retort.Definition[Waybill]) {
	d.PrimaryKey(&d.C.Code)
	d.Column(&d.C.Code).Type("uuid")
	d.Column(&d.C.Tags).Type("jsonb")
	d.Column(&d.C.Text).Type("text")
	d.Column(&d.C.Clock).Type("time")
	d.Column(&d.C.Sum).Type("numeric")
}

var (
	waybills = retort.NewTable[Waybill]("waybills")
	depot    = retort.NewBase(waybills)
)

func newWaybill() *Waybill {
	at := time.Date(2024, 2, 29, 1, 2, 3, 0, time.UTC)
	return &Waybill{
		Code: "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", Tags: Tags{"a": "1"}, Notes: []stdsql.NullString{{String: `x"\`, Valid: true}, {}},
		Sent: stdsql.NullTime{Time: at, Valid: true}, Text: Moment{at}, Clock: Moment{at},
	}
}

func TestTimeOfAValueMethodInATextColumn(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, depot)
	commit(t, k.Engine, newWaybill())
	if got := k.QueryString(t, "SELECT concat_ws(' ', text, clock) FROM waybills"); got != "2024-02-29T01:02:03Z 01:02:03" {
		t.Errorf("stored: %s", got)
	}
}

func TestNullTimeInAnotherZoneIsNoChange(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, depot)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	p := newWaybill()
	s.Add(p)
	must(t, s.Commit(ctx))
	p.Sent.Time = p.Sent.Time.In(time.FixedZone("", 3600))
	if n := k.RoundTrips(func() { must(t, s.Commit(ctx)) }); n != 0 {
		t.Errorf("the same moment in another zone was written: %d round trips", n)
	}
}

func TestSavepointTakesBackEditsInsideOfTypesWithValueAndScan(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, depot)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	p := newWaybill()
	s.Add(p)
	must(t, s.Commit(ctx))
	back := errors.New("back")
	err := s.Savepoint(ctx, func(context.Context) error {
		p.Tags["a"], p.Notes[0].String = "2", "y"
		return back
	})
	if !errors.Is(err, back) {
		t.Fatal(err)
	}
	want := newWaybill()
	if diff := cmp.Diff(want.Tags, p.Tags) + cmp.Diff(want.Notes, p.Notes); diff != "" {
		t.Errorf("after the savepoint (-want +got):\n%s", diff)
	}
	must(t, s.Commit(ctx))
	if got := k.QueryString(t, "SELECT concat(tags, notes) FROM waybills"); got != `{"a": "1"}{"x\"\\",NULL}` {
		t.Errorf("committed what was taken back: %s", got)
	}
}

func TestUUIDKeyInATextOfAnotherCaseIsTheSameRow(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, depot)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	p := newWaybill()
	s.Add(p)
	must(t, s.Commit(ctx))
	all, err := waybills.Where().All(ctx, s)
	must(t, err)
	if len(all) != 1 || all[0] != p {
		t.Errorf("the row has a second object: %p and %p", all[0], p)
	}
	for _, code := range []string{"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "{A0EEBC999C0B4EF8BB6D6BB9BD380A11}"} {
		if got, err := waybills.Get(ctx, s, code); err != nil || got != p {
			t.Errorf("Get %s: %p, %v", code, got, err)
		}
	}
}

func TestBigFloatKeepsAllDigits(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, depot)
	ctx := t.Context()
	p := newWaybill()
	commit(t, k.Engine, p)
	const sum = "1234567890123456789012345678.123456789"
	k.Exec(t, "UPDATE waybills SET sum = "+sum)
	s := k.Engine.Session()
	defer s.Close(ctx)
	got, err := waybills.Get(ctx, s, p.Code)
	must(t, err)
	if text := got.Sum.Text('f', -1); text != sum {
		t.Errorf("read %s", text)
	}
}
