package chaos

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest/proxy"
)

// Effect is a row whose key the server makes, so that running its INSERT twice
// makes two.
type Effect struct {
	retort.BigintKey
	Try string
}

// cut is a place where a connection ends.
type cut struct {
	name string
	arm  func(p *proxy.Proxy) *proxy.Rule
}

// commitCuts are the places around the reply to COMMIT.
func commitCuts() []cut {
	return []cut{
		{"before COMMIT's reply", func(p *proxy.Proxy) *proxy.Rule { return p.CutBefore(proxy.CommitReply) }},
		{"behind COMMIT's reply", func(p *proxy.Proxy) *proxy.Rule { return p.CutAfter(proxy.CommitReply) }},
		{"behind COMMIT", func(p *proxy.Proxy) *proxy.Rule { return p.CutAfter(proxy.Sent("commit")) }},
		{"before COMMIT", func(p *proxy.Proxy) *proxy.Rule { return p.CutBefore(proxy.Runs("commit")) }},
	}
}

// CutCommit counts wrong verdicts on transactions whose connection is cut before,
// at or behind the reply to COMMIT, in turn: reported as committed without a
// row, as not committed with one, or stored or sent more than once.
//
// To say that it is unknown is never wrong, so the note counts it. pgxpool is
// read as people read it: an error means that it was not committed. The control
// reads the same errors by pgconn.SafeToRetry.
func CutCommit(ctx context.Context, env *Env, cuts int) (Line, error) {
	line := Line{
		Number: 3, RedFrom: 1, What: fmt.Sprintf("wrong verdicts on %d cut COMMIT replies", cuts),
		ControlIs: "pgxpool, read by pgconn.SafeToRetry",
	}
	var err error
	if line.Retort, _, err = cutAll(ctx, env, cuts, openRetortCommitter); err != nil {
		return line, err
	}
	line.Pgxpool, line.Control, err = cutAll(ctx, env, cuts, openPgxpoolCommitter)
	return line, err
}

// committer writes effects, in one or several ways.
type committer struct {
	writes []effect
	judge  func(error) belief
	end    func()
}

// effect runs one statement that leaves a row.
type effect func(ctx context.Context, try string) error

func effectsBase() *retort.Base { return retort.NewBase(retort.NewTable[Effect]("effects")) }

func openRetortCommitter(ctx context.Context, url string) (*committer, error) {
	eng, err := retort.Open(retort.Config{URL: url, Base: effectsBase(), PoolSize: 1})
	if err != nil {
		return nil, err
	}
	add := func(s *retort.Session, try string) { s.Add(&Effect{Try: try}) }
	return &committer{
		writes: []effect{
			sessionEffect(eng, func(_ context.Context, s *retort.Session, try string) error { // COMMIT flies with the rest
				add(s, try)
				return nil
			}),
			sessionEffect(eng, func(ctx context.Context, s *retort.Session, try string) error { // COMMIT flies alone
				add(s, try)
				return s.Flush(ctx)
			}),
		},
		judge: func(err error) belief {
			switch {
			case err == nil:
				return stored
			case errors.Is(err, retort.ErrCommitUnknown):
				return unknown
			default:
				return absent
			}
		},
		end: func() { _ = eng.Close(context.WithoutCancel(ctx)) },
	}, nil
}

// sessionEffect is a unit of work.
func sessionEffect(eng *retort.Engine, do func(ctx context.Context, s *retort.Session, try string) error) effect {
	return func(ctx context.Context, try string) error {
		_, err := retort.Run(ctx, eng, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (struct{}, error) {
			return struct{}{}, do(ctx, s, try)
		})
		return err
	}
}

func openPgxpoolCommitter(ctx context.Context, url string) (*committer, error) {
	pool, err := newPool(ctx, url, 1)
	if err != nil {
		return nil, err
	}
	return &committer{
		writes: []effect{func(ctx context.Context, try string) error {
			return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
				_, err := tx.Exec(ctx, "INSERT INTO effects (try) VALUES ($1)", try)
				return err
			})
		}},
		judge: func(err error) belief {
			if err == nil {
				return stored
			}
			return absent
		},
		end: pool.Close,
	}, nil
}

// cutAll cuts one connection after the other. The second side judges the same
// errors by pgconn.SafeToRetry.
func cutAll(ctx context.Context, env *Env, cuts int, open func(context.Context, string) (*committer, error)) (found, bySafeToRetry Side, err error) {
	db, err := env.database(ctx, effectsBase())
	if err != nil {
		return found, bySafeToRetry, err
	}
	defer func() { err = errors.Join(err, db.drop()) }()
	p, err := env.Proxy(db.url)
	if err != nil {
		return found, bySafeToRetry, err
	}
	defer p.Close()
	c, err := open(ctx, p.URL())
	if err != nil {
		return found, bySafeToRetry, err
	}
	defer c.end()

	draw := env.rand(3, 0)
	places := commitCuts()
	order := draw.Perm(cuts)
	var counted [unknown + 1]int
	for i, place := range order {
		where := places[place%len(places)]
		t := try{db: db, p: p, name: fmt.Sprint(i), warm: draw.IntN(2) == 0}
		lost, err := t.run(ctx, where.arm, c.writes[place/len(places)%len(c.writes)])
		if err != nil {
			return found, bySafeToRetry, fmt.Errorf("%s: %w", where.name, err)
		}
		what := c.judge(lost)
		counted[what]++
		if t.rows > 1 || t.sent > 1 || what == stored && t.rows != 1 || what == absent && t.rows != 0 {
			found.Bad++
		}
		if lost != nil && pgconn.SafeToRetry(lost) && t.rows > 0 {
			bySafeToRetry.Bad++
		}
		if i%25 == 24 {
			env.Say("3: cut %d of %d", i+1, cuts)
		}
	}
	found.Of, bySafeToRetry.Of = cuts, cuts
	found.Note = fmt.Sprintf("%d committed, %d rolled back, %d unknown", counted[stored], counted[absent], counted[unknown])
	return found, bySafeToRetry, nil
}

// try is one write whose connection is cut, and what came of it.
type try struct {
	db   *database
	p    *proxy.Proxy
	name string
	warm bool // on a connection that has written before

	rows int // that it left
	sent int // INSERTs that the server was asked to run
}

// run returns what the write returned.
func (t *try) run(ctx context.Context, arm func(*proxy.Proxy) *proxy.Rule, write effect) (lost, err error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if t.warm {
		if err := write(ctx, "warm"); err != nil {
			return nil, fmt.Errorf("before the cut: %w", err)
		}
	}
	rule := arm(t.p)
	t.p.Reset()
	lost = write(ctx, t.name)
	rule.Times(0)
	if n := rule.Fired(); n != 1 {
		return lost, fmt.Errorf("%d cuts, want 1 (the write: %w)", n, lost)
	}
	for _, sql := range t.p.Executions() {
		if effectful(sql) {
			t.sent++
		}
	}
	if err := t.db.gone(ctx, t.p); err != nil {
		return lost, err
	}
	t.rows, err = t.db.count(ctx, "SELECT count(*) FROM effects WHERE try = $1", t.name)
	return lost, err
}

// effectful tells the statements that leave an effect.
func effectful(sql string) bool {
	sql = strings.ToLower(sql)
	return strings.Contains(sql, "insert into") || strings.Contains(sql, "bump(")
}

// gone waits until the cut connection's backend has ended, which may still be at
// work on what it has received. A connection that was opened instead would stay:
// after a moment all are ended.
func (d *database) gone(ctx context.Context, p *proxy.Proxy) error {
	done, err := eventually(ctx, 50*time.Millisecond, func() (bool, error) {
		n, err := d.count(ctx, "SELECT count(*)"+others)
		return n == 0, err
	})
	if done || err != nil {
		return err
	}
	p.ResetConnections()
	return d.deserted(ctx)
}
