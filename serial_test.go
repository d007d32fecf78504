package retort_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/schema"
)

// OldTicket is a table as an older program made it.
type OldTicket struct {
	ID    int32
	Label string
	Spans pgtype.Range[int32]
}

// Define says what the fields cannot.
func (OldTicket) Define(d *retort.Definition[OldTicket]) {
	d.PrimaryKey(&d.C.ID)
	d.KeyName("tickets_pkey")
	d.Column(&d.C.ID).Identity(schema.Serial)
	d.Column(&d.C.Spans).NotNull()
}

// TestTablesOfOlderPrograms: serial columns, names that are there, NOT NULL for a
// field that could hold NULL.
func TestTablesOfOlderPrograms(t *testing.T) {
	t.Parallel()
	tickets := retort.NewTable[OldTicket]("tickets")
	base := retort.NewBase(tickets)
	k := retorttest.New(t, base)
	span := func(low, high int32) pgtype.Range[int32] {
		return pgtype.Range[int32]{Lower: low, Upper: high, LowerType: pgtype.Inclusive, UpperType: pgtype.Exclusive, Valid: true}
	}

	t.Run("number_their_rows", func(t *testing.T) {
		rows := []*OldTicket{{Label: "a", Spans: span(1, 2)}, {Label: "b", Spans: span(2, 3)}, {Label: "c", Spans: span(3, 4)}}
		s := k.Engine.Session()
		for _, row := range rows {
			s.Add(row)
		}
		must(t, s.Commit(t.Context()))
		must(t, s.Close(t.Context()))
		for i, row := range rows {
			if row.ID != int32(i+1) {
				t.Errorf("%s has the number %d", row.Label, row.ID)
			}
		}
	})

	t.Run("are_found_as_they_are", func(t *testing.T) {
		must(t, base.CreateAll(t.Context(), k.Engine))
		must(t, k.Engine.Verify(t.Context()))
		want := []string{"tickets_id_seq"}
		if got := k.Rows(t, "SELECT relname FROM pg_class WHERE relkind = 'S'"); strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("sequences %v, want %v", got, want)
		}
		if got := k.QueryString(t, "SELECT conname FROM pg_constraint WHERE contype = 'p' AND conrelid = 'tickets'::regclass"); got != "tickets_pkey" {
			t.Errorf("the key is called %s", got)
		}
	})

	t.Run("refuse_NULL", func(t *testing.T) {
		s := k.Engine.Session()
		s.Add(&OldTicket{Label: "none"})
		if err := s.Commit(t.Context()); err == nil || !strings.Contains(err.Error(), "spans") {
			t.Errorf("Commit = %v", err)
		}
		must(t, s.Close(t.Context()))
	})
}
