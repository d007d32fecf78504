package chaos

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/retort-go/retort"
)

// stateKind is one kind of state that outlives a transaction.
type stateKind struct {
	name  string
	set   []string // run by the first user
	seen  string   // a SELECT of true where the state is there
	late  bool     // it is there from COMMIT on
	block bool     // a DO block can set it
}

// hidden is the same, set inside a DO block.
func (k stateKind) hidden() stateKind {
	inside := make([]string, len(k.set))
	for i, sql := range k.set {
		inside[i] = "DO $$ BEGIN EXECUTE '" + strings.ReplaceAll(sql, "'", "''") + "'; END $$"
	}
	k.set = inside
	return k
}

// stateKinds are what PgBouncer's list of features calls poisonous, kind by kind.
func stateKinds() []stateKind {
	return []stateKind{
		{"SET of an own setting", []string{"SET app.tenant = 'mine'"}, "SELECT coalesce(current_setting('app.tenant', true), '') <> ''", false, true},
		{"SET ROLE", []string{"SET ROLE " + stateRole}, "SELECT current_user = '" + stateRole + "' AND session_user <> current_user", false, true},
		{"SET SESSION AUTHORIZATION", []string{"SET SESSION AUTHORIZATION " + stateRole}, "SELECT session_user = '" + stateRole + "'", false, true},
		{"search_path", []string{"SET search_path = pg_catalog"}, "SELECT current_setting('search_path') = 'pg_catalog'", false, true},
		{"statement_timeout", []string{"SET statement_timeout = '1h'"}, "SELECT current_setting('statement_timeout') = '1h'", false, true},
		{"advisory lock", []string{"SELECT pg_advisory_lock(11)"}, "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())", false, true},
		{"temporary table", []string{"CREATE TEMPORARY TABLE chaos_mine (id int)"}, "SELECT to_regclass('pg_temp.chaos_mine') IS NOT NULL", false, true},
		{"LISTEN", []string{"LISTEN chaos_news"}, "SELECT EXISTS (SELECT FROM pg_listening_channels())", true, true},
		{"PREPARE", []string{"PREPARE chaos_mine AS SELECT 1"}, "SELECT EXISTS (SELECT FROM pg_prepared_statements WHERE name = 'chaos_mine')", false, true},
		{"cursor WITH HOLD", []string{"DECLARE chaos_mine CURSOR WITH HOLD FOR SELECT 1"}, "SELECT EXISTS (SELECT FROM pg_cursors WHERE name = 'chaos_mine')", false, true},
		// The library is plpgsql because every server has it; a DO block would load it.
		{"LOAD and a setting of the library", []string{"LOAD 'plpgsql'", "SET plpgsql.extra_warnings = 'all'"}, "SELECT current_setting('plpgsql.extra_warnings', true) IS NOT NULL", false, false},
	}
}

// stateRole is one for the whole server.
const stateRole = "chaos_visitor"

// SessionState counts the kinds of session state that the next user of a
// connection finds, of 11. Rounds repeats all.
//
// The control is bare pgxpool itself, which must leak every kind: a state that
// cannot be seen would prove nothing.
func SessionState(ctx context.Context, env *Env, rounds int) (Line, error) {
	kinds := stateKinds()
	line := Line{
		Number: 6, RedFrom: len(kinds), What: fmt.Sprintf("kinds of session state leaked to the next user, of %d", len(kinds)),
		ControlIs: "bare pgxpool",
	}
	if err := env.maintain(ctx, "DO $$ BEGIN CREATE ROLE "+stateRole+"; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"); err != nil {
		return line, err
	}
	var err error
	if line.Retort, err = leakStates(ctx, env, kinds, rounds, retortVisitor); err != nil {
		return line, err
	}
	line.Pgxpool, err = leakStates(ctx, env, kinds, rounds, pgxpoolVisitor)
	line.Control = Side{Bad: line.Pgxpool.Bad, Of: line.Pgxpool.Of}
	return line, err
}

// visitor is one use of a pool's only connection: it runs statements and looks.
type visitor func(ctx context.Context, set []string, look string) (seen bool, err error)

func retortVisitor(ctx context.Context, url string) (visitor, func(), error) {
	eng, err := retort.Open(retort.Config{URL: url, PoolSize: 1})
	if err != nil {
		return nil, nil, err
	}
	visit := func(ctx context.Context, set []string, look string) (bool, error) {
		return retort.Run(ctx, eng, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (bool, error) {
			for _, sql := range set {
				if _, err := s.Exec(ctx, sql); err != nil {
					return false, err
				}
			}
			return retort.SQL[bool](look).ReadOnly().One(ctx, s)
		})
	}
	return visit, func() { _ = eng.Close(context.WithoutCancel(ctx)) }, nil
}

func pgxpoolVisitor(ctx context.Context, url string) (visitor, func(), error) {
	pool, err := newPool(ctx, url, 1)
	if err != nil {
		return nil, nil, err
	}
	visit := func(ctx context.Context, set []string, look string) (seen bool, err error) {
		err = pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
			for _, sql := range set {
				if _, err := conn.Exec(ctx, sql); err != nil {
					return err
				}
			}
			return conn.QueryRow(ctx, look).Scan(&seen)
		})
		return seen, err
	}
	return visit, pool.Close, nil
}

// leakStates lets one user after the other use a pool of one connection. What
// leaks when it is set inside a DO block, where no client can see it, is noted.
func leakStates(ctx context.Context, env *Env, kinds []stateKind, rounds int, open func(context.Context, string) (visitor, func(), error)) (found Side, err error) {
	db, err := env.database(ctx, retort.NewBase())
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, db.drop()) }()
	draw := env.rand(6, 0)
	leaked, inside := make(map[string]bool), make(map[string]bool)
	for round := range rounds {
		for _, i := range draw.Perm(len(kinds)) {
			seen, err := leak(ctx, db.url, kinds[i], open)
			if err != nil {
				return found, fmt.Errorf("%s: %w", kinds[i].name, err)
			}
			leaked[kinds[i].name] = leaked[kinds[i].name] || seen
			if !kinds[i].block {
				continue
			}
			if seen, err = leak(ctx, db.url, kinds[i].hidden(), open); err != nil {
				return found, fmt.Errorf("%s in a DO block: %w", kinds[i].name, err)
			}
			inside[kinds[i].name] = inside[kinds[i].name] || seen
		}
		env.Say("6: round %d of %d", round+1, rounds)
	}
	names := trueOnes(leaked)
	found = Side{Bad: len(names), Of: len(kinds)}
	if found.Bad > 0 && found.Bad < found.Of {
		found.Note = strings.Join(names, ", ")
	}
	names = trueOnes(inside)
	hidden := fmt.Sprintf("set inside a DO block %d of %d", len(names), len(inside))
	if len(names) > 0 && len(names) < len(inside) {
		hidden += ": " + strings.Join(names, ", ")
	}
	found.Note = notes(found.Note, hidden)
	return found, nil
}

// trueOnes are the names that are true, sorted.
func trueOnes(all map[string]bool) []string {
	var names []string
	for name, is := range all {
		if is {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// leak tells whether the second user sees what the first has set.
func leak(ctx context.Context, url string, kind stateKind, open func(context.Context, string) (visitor, func(), error)) (bool, error) {
	visit, end, err := open(ctx, url)
	if err != nil {
		return false, err
	}
	defer end()
	if there, err := visit(ctx, nil, kind.seen); err != nil || there {
		return false, errors.Join(err, errIf(there, "the state is there before anybody has set it"))
	}
	if there, err := visit(ctx, kind.set, kind.seen); err != nil || !there && !kind.late {
		return false, errors.Join(err, errIf(!there, "its own user does not see the state"))
	}
	return visit(ctx, nil, kind.seen)
}

func errIf(wrong bool, text string) error {
	if wrong {
		return errors.New(text)
	}
	return nil
}
