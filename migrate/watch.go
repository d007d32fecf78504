package migrate

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/retort-go/retort"
)

// Progress is how far a statement has come, as the server tells.
//
//   - Shape: Command and Phase in PostgreSQL's words. Done and Total belong to the
//     phase and not to the whole: phases come one after the other, and nobody knows how
//     long the next ones take. Total is 0 where the server does not know it.
//   - Units: Unit is "blocks", "rows", "bytes" or "transactions".
//   - Source: the views pg_stat_progress_create_index, _cluster, _copy, _vacuum, _analyze.
type Progress struct {
	Command     string
	Phase       string
	Done, Total int64
	Unit        string
}

// blockersSQL and progressSQL are about the process {pid}.
const (
	blockersSQL = `/* retort:migrate.watch */ SELECT b.pid::text, coalesce(a.application_name, ''), coalesce(a.state, ''),
  coalesce(a.query, ''), coalesce((1000 * EXTRACT(epoch FROM clock_timestamp() - a.xact_start))::bigint, 0)::text,
  CASE WHEN a.state LIKE 'idle%' THEN (1000 * EXTRACT(epoch FROM clock_timestamp() - a.state_change))::bigint ELSE 0 END::text
FROM (SELECT DISTINCT pid FROM unnest(pg_blocking_pids({pid})) u(pid)) b LEFT JOIN pg_stat_activity a ON a.pid = b.pid
ORDER BY a.xact_start, b.pid`

	runningSQL = `/* retort:migrate.watch */ SELECT command, phase, done::text, total::text, unit FROM (
  SELECT command, phase,
    CASE WHEN lockers_total > 0 THEN lockers_done WHEN blocks_total > 0 THEN blocks_done ELSE tuples_done END,
    CASE WHEN lockers_total > 0 THEN lockers_total WHEN blocks_total > 0 THEN blocks_total ELSE tuples_total END,
    CASE WHEN lockers_total > 0 THEN 'transactions' WHEN blocks_total > 0 THEN 'blocks' ELSE 'rows' END
  FROM pg_stat_progress_create_index WHERE pid = {pid}
  UNION ALL SELECT command, phase,
    CASE WHEN phase = 'seq scanning heap' THEN heap_blks_scanned ELSE heap_tuples_scanned END,
    CASE WHEN phase = 'seq scanning heap' THEN heap_blks_total ELSE 0 END,
    CASE WHEN phase = 'seq scanning heap' THEN 'blocks' ELSE 'rows' END
  FROM pg_stat_progress_cluster WHERE pid = {pid}
  UNION ALL SELECT command, 'copying rows',
    CASE WHEN bytes_total > 0 THEN bytes_processed ELSE tuples_processed END, bytes_total,
    CASE WHEN bytes_total > 0 THEN 'bytes' ELSE 'rows' END
  FROM pg_stat_progress_copy WHERE pid = {pid}
  UNION ALL SELECT 'VACUUM', phase, CASE WHEN phase = 'vacuuming heap' THEN heap_blks_vacuumed ELSE heap_blks_scanned END, heap_blks_total, 'blocks'
  FROM pg_stat_progress_vacuum WHERE pid = {pid}
  UNION ALL SELECT 'ANALYZE', phase, sample_blks_scanned, sample_blks_total, 'blocks'
  FROM pg_stat_progress_analyze WHERE pid = {pid}
) p (command, phase, done, total, unit)`
)

// watch looks from another connection at the statement that the process pid runs, and
// tells how far it is and whom it waits for, until stop, which gives the last whom it
// was seen to wait for. Statements that end soon are never looked at.
//
//   - Shape: about is the event to tell, but for what is seen.
func (w *work) watch(ctx context.Context, pid int, about Event) (stop func() []Blocker) {
	if pid == 0 {
		return func() []Blocker { return nil }
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	var seen []Blocker
	go func() {
		defer close(done)
		begun := time.Now()
		// A wait that is going to fail is looked at while it lasts.
		pause := min(max(w.r.opts.LockTimeout/2, time.Millisecond), time.Second)
		longest := max(pause, 100*time.Millisecond)
		for sleep(ctx, pause) == nil {
			pause = min(2*pause, longest)
			about.Progress, about.Blockers = nil, nil
			if w.r.look(ctx, pid, &about) != nil {
				continue // it may be busy, and nothing depends on it
			}
			if len(about.Blockers) > 0 {
				seen = about.Blockers
			}
			about.Elapsed = time.Since(begun)
			w.r.event(about)
		}
	}()
	return func() []Blocker {
		cancel()
		<-done
		return seen
	}
}

// look fills in how far the statement of a process is and whom it waits for. It never
// holds its connection for long: the heartbeat of the lock may need it.
func (r *Runner) look(ctx context.Context, pid int, e *Event) error {
	ctx, cancel := context.WithTimeout(ctx, r.opts.Lease/8)
	defer cancel()
	fill := func(text string) string { return strings.ReplaceAll(text, "{pid}", strconv.Itoa(pid)) }
	rows, err := r.eng.Snapshot(ctx, fill(blockersSQL), fill(runningSQL))
	if err != nil {
		return err
	}
	c := columns{}
	for _, v := range rows[0] {
		b := Blocker{PID: c.int(v[0]), Application: v[1], State: v[2], Open: c.ms(v[4]), Idle: c.ms(v[5])}
		if v[2] != "" {
			b.Statement = spoken(v[3])
		}
		e.Blockers = append(e.Blockers, b)
	}
	for _, v := range rows[1] {
		e.Progress = &Progress{Command: v[0], Phase: v[1], Done: c.int64(v[2]), Total: c.int64(v[3]), Unit: v[4]}
	}
	return c.err
}

// processOf is the server's process of a session's transaction; 0 where the
// connection does not tell.
func processOf(ctx context.Context, s *retort.Session) int {
	tx, err := s.Pgx(ctx)
	if err != nil || tx.Conn() == nil {
		return 0
	}
	return int(tx.Conn().PgConn().PID())
}
