package retort_test

import (
	"bytes"
	"database/sql/driver"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest"
)

// Grade is a number in Go and a text in the database.
type Grade int

// Value gives the text.
func (g Grade) Value() (driver.Value, error) { return fmt.Sprint("grade ", int(g)), nil }

// Scan reads the text.
func (g *Grade) Scan(v any) error {
	_, err := fmt.Sscanf(fmt.Sprint(v), "grade %d", (*int)(g))
	return err
}

// Stamp is 16 bytes that are no uuid.
type Stamp [16]byte

// Value gives the text.
func (s Stamp) Value() (driver.Value, error) { return string(s[:]), nil }

// Scan reads the text.
func (s *Stamp) Scan(v any) error {
	copy(s[:], fmt.Sprint(v))
	return nil
}

// Relic has columns whose values are written otherwise than Go would.
type Relic struct {
	retort.BigintKey
	Grade Grade
	Stamp Stamp
	Mac   net.HardwareAddr
	Wait  time.Duration
	Day   time.Time
	Clock time.Time
}

// Define names the types that the fields leave open.
func (Relic) Define(d *retort.Definition[Relic]) {
	d.Column(&d.C.Grade).Type("text")
	d.Column(&d.C.Stamp).Type("text")
	d.Column(&d.C.Wait).Type("interval")
	d.Column(&d.C.Day).Type("date")
	d.Column(&d.C.Clock).Type("timestamp")
}

var relics = retort.NewTable[Relic]("relics")

// newRelic is one late in the day of a zone that is not the server's.
func newRelic() *Relic {
	late := time.Date(2024, 1, 1, 23, 0, 0, 0, time.FixedZone("", 11*3600))
	return &Relic{Grade: 3, Stamp: Stamp([]byte("0123456789abcdef")), Mac: net.HardwareAddr{2, 0, 0, 0, 0, 1}, Wait: time.Hour, Day: late, Clock: late}
}

func TestCopyTo_writes_values_as_their_columns_have_them(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, retort.NewBase(relics))
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	s.Add(newRelic())
	c, r := relics.C, newRelic()
	for name, p := range map[string]retort.Predicate{
		"value and scan":   retort.Eq(&c.Grade, r.Grade),
		"list":             retort.In(&c.Grade, []Grade{1, 3}),
		"16 bytes":         retort.Eq(&c.Stamp, r.Stamp),
		"hardware address": retort.In(&c.Mac, []net.HardwareAddr{r.Mac}),
		"interval":         retort.Eq(&c.Wait, r.Wait),
		"date":             retort.Eq(&c.Day, r.Day),
		"timestamp":        retort.RowEq(retort.At(&c.Clock, r.Clock)),
	} {
		var out bytes.Buffer
		n, err := retort.Values(relics.Where(p), retort.Col(&c.ID)).CopyTo(ctx, s, &out, retort.CopyText)
		if err != nil || n != 1 {
			t.Errorf("%s: %d rows, %v", name, n, err)
		}
	}
}

// TestCopyTo_keeps_values_out_of_logs_and_errors, though they stand in the text that
// the server gets.
func TestCopyTo_keeps_values_out_of_logs_and_errors(t *testing.T) {
	t.Parallel()
	for _, echoed := range []bool{false, true} {
		var log bytes.Buffer
		seen := &recorder{}
		k := retorttest.New(t, retort.NewBase(Logins), func(c *retort.Config) {
			c.Echo, c.EchoParams, c.Observer = true, echoed, seen
			c.Logger = slog.New(slog.NewTextHandler(&log, nil))
		})
		ctx := t.Context()
		s := k.Engine.Session()
		defer s.Close(ctx)
		c := Logins.C
		list := retort.Values(Logins.Where(retort.Eq(&c.Token, "hush"), retort.Eq(&c.Name, "plain")), retort.Col(&c.Name))
		_, err := list.CopyTo(ctx, s, new(bytes.Buffer), retort.CopyCSV)
		must(t, err)
		if strings.Contains(log.String(), "hush") || strings.Contains(log.String(), "plain") != echoed {
			t.Errorf("EchoParams %t: the log has %s", echoed, log.String())
		}
		for _, f := range seen.take() {
			if text := strings.Join(f.Statements, " "); strings.Contains(text, "plain") || strings.Contains(text, "hush") {
				t.Errorf("the observer is told %s", text)
			}
		}
		number := retort.Fragment[int32]("$1::int", "hush")
		_, err = retort.Values(Logins.Where(number.Eq(1)), retort.Col(&c.Name)).CopyTo(ctx, s, new(bytes.Buffer), retort.CopyCSV)
		if err == nil || strings.Contains(err.Error(), "hush") || pgerr.Code(err) != "22P02" {
			t.Errorf("the error is %v", err)
		}
	}
}
