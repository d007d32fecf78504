package beside_test

import (
	"context"
	"testing"

	"github.com/gofrs/uuid/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/beside/tickets"
)

// docs/guides/from-sqlc.md shows it.
func TestSqlcsCodeStays(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx, eng := t.Context(), h.Engine

	all, err := retort.Run(ctx, eng, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) ([]tickets.Ticket, error) {
		s.Add(&Ticket{Title: "by Retort"})
		q := tickets.New(s.DBTX()) // in place of queries.WithTx(tx)
		_, err := q.CreateTicket(ctx, tickets.Ticket{ID: pgtype.UUID{Bytes: uuid.Must(uuid.NewV7()), Valid: true}, Title: "by sqlc"})
		if err != nil {
			return nil, err
		}
		return q.ListTickets(ctx) // sees both
	})

	if err != nil || len(all) != 2 || h.counts(t)[0] != 2 {
		t.Errorf("%v, %v", all, err)
	}
}
