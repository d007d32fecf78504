package migrate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/retort-go/retort/internal/sqltext"
)

// Script writes what a run would do as SQL for psql, for those who may not run
// programs on a database: the steps, in transactions as their modes say, together
// with their lines in the ledger. A run that goes on behind a script that was broken
// off completes it.
//
// The way up goes from the revision from (base: nothing is applied) to target, as
// [History.Upgrade] reads it; the way down goes back from there, as
// [History.Downgrade] does. Script asks no database.
//
//   - Shape: the same history gives the same bytes. It takes no lock, so nothing else
//     may run on the ledger meanwhile; each revision refuses to run twice.
//   - Errors: as those; a revision that calls a function of Go.
func Script(h *History, opts Options, dir Direction, from, target string) (string, error) {
	opts, err := opts.filled()
	if err != nil {
		return "", err
	}
	var applied []string
	if from != "base" {
		rev, err := h.Find(from)
		if err != nil {
			return "", err
		}
		applied = idsOf(h.Ancestors(rev.ID))
	}
	plan := h.Upgrade
	if dir == Down {
		plan = h.Downgrade
	}
	revisions, err := plan(applied, target)
	if err != nil {
		return "", err
	}
	w := &script{l: newLedger(&opts), opts: &opts, dir: dir}
	fmt.Fprintf(&w.b, "-- %s %s, from %s to %s.\n-- Run it alone, and with ON_ERROR_STOP: psql -v ON_ERROR_STOP=1 -f FILE\n\n", counted(len(revisions), "revision"), dir, from, target)
	w.settings()
	if dir == Up {
		w.ledger()
	}
	for _, rev := range revisions {
		if err := w.revision(rev); err != nil {
			return "", err
		}
	}
	return w.b.String(), nil
}

type script struct {
	b    strings.Builder
	l    *ledger
	opts *Options
	dir  Direction
}

func (w *script) line(text string) { w.b.WriteString(text + ";\n") }

// ledger makes the tables where they are not there.
func (w *script) ledger() {
	w.b.WriteString("\n")
	w.line("BEGIN")
	for _, text := range w.l.create {
		text = strings.Replace(text, "CREATE TABLE ", "CREATE TABLE IF NOT EXISTS ", 1)
		if strings.HasSuffix(text, "DEFAULT VALUES") {
			text += " ON CONFLICT DO NOTHING"
		}
		w.line(text)
	}
	w.line("COMMIT")
}

// ledgered writes one of the ledger's texts with its arguments in their places.
func (w *script) ledgered(text string, args ...string) {
	var pairs []string
	for i, arg := range args {
		pairs = append(pairs, "$"+strconv.Itoa(i+1), sqltext.Literal(arg))
	}
	w.line(strings.NewReplacer(pairs...).Replace(text)) // in one pass: a message may hold $1
}

// revision writes one revision, as apply runs it.
func (w *script) revision(rev *Revision) error {
	steps := rev.steps(w.dir)
	w.b.WriteString("\n" + strings.TrimRight("-- "+string(w.dir)+" "+rev.ID+": "+oneLine(rev.Message), " :") + "\n")
	w.line("BEGIN")
	w.guard(rev)
	state := Upgrading
	if w.dir == Down {
		state = Downgrading
	}
	w.ledgered(w.l.forgetJournal, rev.ID)
	w.ledgered(w.l.start, rev.ID, join(rev.Parents), rev.Message, rev.Checksum(), string(state), w.opts.Who)
	open, sets := true, false
	begin := func() {
		if !open {
			w.b.WriteString("\n")
			w.line("BEGIN")
		}
		open = true
	}
	commit := func() {
		w.line("COMMIT")
		if sets {
			w.reset()
		}
		open, sets = false, false
	}
	for i, s := range steps {
		if s.Mode == Call {
			return fmt.Errorf("migrate: revision %s calls a function of Go, which a script cannot; let a program run it; see docs/errors.md#migrate-function", rev.label())
		}
		if mode := s.mode(); mode != Together {
			begin()
			w.beside(sets, func() { w.journal(w.l.started, rev, i, s) })
			commit()
			w.b.WriteString("\n")
			if mode == Alone {
				begin()
			}
		} else {
			begin()
		}
		w.step(s)
		sets = sets || settles(s.SQL)
		begin()
		w.beside(sets, func() { w.journal(w.l.done, rev, i, s) })
		if s.mode() != Together && i+1 < len(steps) {
			commit()
		}
	}
	begin()
	w.beside(sets, func() { w.ended(rev) })
	commit()
	return nil
}

// ended writes that the revision is applied or gone.
func (w *script) ended(rev *Revision) {
	if w.dir == Up {
		w.ledgered(w.l.applied, rev.ID, join(rev.Parents), rev.Message, rev.Checksum(), "0")
	} else {
		w.ledgered(w.l.gone, rev.ID)
	}
	w.ledgered(w.l.logged, rev.ID, string(w.dir), rev.Checksum(), w.opts.Who, "0")
}

// settles tells whether a statement may leave settings behind.
func settles(sql string) bool {
	words := sqltext.Words(sql, -1)
	return len(words) > 0 && (words[0] == "set" || words[0] == "reset") || slices.Contains(words, "set_config")
}

// beside writes lines of the ledger where the revision may have set another
// search_path or role: they mean those that psql began with.
func (w *script) beside(sets bool, lines func()) {
	if !sets {
		lines()
		return
	}
	w.line("DO 'BEGIN PERFORM set_config(''retort.search_path'', current_setting(''search_path''), true), set_config(''retort.role'', current_setting(''role''), true); " +
		"RESET ROLE; SET LOCAL search_path TO DEFAULT; END'")
	lines()
	w.line("DO 'BEGIN PERFORM set_config(''search_path'', current_setting(''retort.search_path''), true), set_config(''role'', current_setting(''retort.role''), true); END'")
}

// reset ends what a transaction has set, as a run does.
func (w *script) reset() {
	w.b.WriteString("RESET ALL;\nRESET ROLE;\n")
	w.settings()
}

// settings are those of a run.
func (w *script) settings() {
	fmt.Fprintf(&w.b, "SET lock_timeout = %d;\nSET statement_timeout = 0;\n", w.opts.LockTimeout.Milliseconds())
}

// guard refuses a revision that is applied already, or one that is not there to be
// undone.
func (w *script) guard(rev *Revision) {
	not, says := "", "applied already"
	if w.dir == Down {
		not, says = "NOT ", "not applied"
	}
	text := fmt.Sprintf("BEGIN\n    IF %sEXISTS (SELECT FROM %s WHERE id = %s) THEN\n        RAISE EXCEPTION %s;\n    END IF;\nEND",
		not, w.l.revisions, sqltext.Literal(rev.ID), sqltext.Literal("migrate: revision "+rev.ID+" is "+says))
	w.line("DO " + sqltext.Literal(text))
}

func (w *script) journal(text string, rev *Revision, at int, s *Step) {
	w.ledgered(text, rev.ID, string(w.dir), strconv.Itoa(at+1), s.Checksum(), string(s.mode()))
}

// step writes the statement; batches become a loop that commits each.
func (w *script) step(s *Step) {
	for _, c := range s.Comments {
		if c.Place == sqltext.Before {
			w.b.WriteString(c.Text + "\n")
		}
	}
	if p, _ := probeOf(sqltext.Words(s.SQL, -1)); s.Mode == Outside && p.kind == probeIndex {
		// As a run does it: a timeout would leave an invalid index behind.
		w.line("SET lock_timeout = 0")
		w.line(s.SQL)
		w.line(fmt.Sprintf("SET lock_timeout = %d", w.opts.LockTimeout.Milliseconds()))
		return
	}
	if s.Mode != Batched {
		w.line(s.SQL)
		return
	}
	// By EXECUTE: a column may be called n, too, and RETURNING needs no target.
	w.line("DO " + sqltext.Literal("DECLARE\n    n bigint;\nBEGIN\n    LOOP\n        EXECUTE "+sqltext.Literal(s.SQL)+";\n        GET DIAGNOSTICS n = ROW_COUNT;\n        COMMIT;\n        EXIT WHEN n = 0;\n    END LOOP;\nEND"))
}
