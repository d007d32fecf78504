package retort_test

import (
	"testing"

	"github.com/retort-go/retort"
)

// AND CHAIN ends a transaction and opens the next, so that its status shows
// nothing: the session must not take the new one for its own.
func TestRawSQL_that_chains_transactions_is_found_out(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	b := newBench(t)
	for _, end := range []string{"COMMIT AND CHAIN", "ROLLBACK AND CHAIN", "/* why not */ abort work and chain"} {
		s := b.session(t)
		s.Add(&Counter{Name: end})
		must(t, s.Flush(ctx))
		_, err := s.Exec(ctx, end)
		wantErr(t, err, nil, "ended-by-sql")
		wantErr(t, s.Commit(ctx), retort.ErrSessionFailed)
		must(t, s.Rollback(ctx))
	}
	// The control: the way back to a savepoint has the same tag.
	s := b.session(t)
	_ = val(s.Exec(ctx, "SAVEPOINT x"))(t)
	_ = val(s.Exec(ctx, "INSERT INTO counters VALUES ('undone', 1)"))(t)
	_ = val(s.Exec(ctx, "ROLLBACK WORK TO SAVEPOINT x"))(t)
	_ = val(s.Exec(ctx, "INSERT INTO counters VALUES ('kept', 1)"))(t)
	must(t, s.Commit(ctx))
	if got := b.QueryString(t, "SELECT string_agg(name, ', ' ORDER BY name) FROM counters"); got != "COMMIT AND CHAIN, kept" {
		t.Errorf("rows %q", got)
	}
	b.idle(t)
}
