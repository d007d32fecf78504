package chaos

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5/stdlib"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest/proxy"
)

// bumpSQL is a SELECT that has an effect, which nobody can see from outside.
const bumpSQL = "CREATE FUNCTION bump(try text) RETURNS int LANGUAGE sql AS 'INSERT INTO effects (try) VALUES (try) RETURNING 1'"

// LostReply counts statements that ran or were sent twice because the first
// reply to them was lost. They have no arguments where the interface allows it,
// which is where database/sql over pgx repeats them by itself.
func LostReply(ctx context.Context, env *Env, replies int) (Line, error) {
	line := Line{
		Number: 4, RedFrom: 1, What: fmt.Sprintf("statements run twice, %d lost replies", replies),
		ControlIs: "database/sql over pgx/stdlib, statements without arguments",
	}
	var err error
	if line.Retort, err = loseReplies(ctx, env, replies, retortEffects); err != nil {
		return line, err
	}
	if line.Pgxpool, err = loseReplies(ctx, env, replies, pgxpoolEffects); err != nil {
		return line, err
	}
	line.Control, err = loseReplies(ctx, env, replies, stdlibEffects)
	return line, err
}

// insertSQL has no arguments on purpose.
func insertSQL(try string) string {
	return fmt.Sprintf("INSERT INTO effects (try) VALUES ('%s')", try)
}

// retortEffects are an object's INSERT, the user's own, and a SELECT that lies
// about being read-only.
func retortEffects(ctx context.Context, url string) (*committer, error) {
	eng, err := retort.Open(retort.Config{URL: url, Base: effectsBase(), PoolSize: 1})
	if err != nil {
		return nil, err
	}
	return &committer{writes: []effect{
		sessionEffect(eng, func(_ context.Context, s *retort.Session, try string) error {
			s.Add(&Effect{Try: try})
			return nil
		}),
		sessionEffect(eng, func(ctx context.Context, s *retort.Session, try string) error {
			_, err := s.Exec(ctx, insertSQL(try)) //retortvet:ignore sqltext no arguments on purpose: only such a statement is repeated by the control
			return err
		}),
		sessionEffect(eng, func(ctx context.Context, s *retort.Session, try string) error {
			_, err := retort.SQL[int32](fmt.Sprintf("SELECT bump('%s')", try)).ReadOnly().One(ctx, s) //retortvet:ignore sqltext no arguments on purpose: only such a statement is repeated by the control
			return err
		}),
	}, end: func() { _ = eng.Close(context.WithoutCancel(ctx)) }}, nil
}

func pgxpoolEffects(ctx context.Context, url string) (*committer, error) {
	pool, err := newPool(ctx, url, 1)
	if err != nil {
		return nil, err
	}
	return &committer{writes: []effect{
		func(ctx context.Context, try string) error {
			_, err := pool.Exec(ctx, insertSQL(try))
			return err
		},
		func(ctx context.Context, try string) error {
			var one int
			return pool.QueryRow(ctx, fmt.Sprintf("SELECT bump('%s')", try)).Scan(&one)
		},
	}, end: pool.Close, lendsDead: true}, nil
}

func stdlibEffects(ctx context.Context, url string) (*committer, error) {
	pool, err := newPool(ctx, url, 1)
	if err != nil {
		return nil, err
	}
	// Only its settings are wanted; database/sql has a pool of its own.
	config := pool.Config().ConnConfig
	pool.Close()
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(1)
	return &committer{writes: []effect{execEffect(db)}, end: func() { _ = db.Close() }, lendsDead: true}, nil
}

func execEffect(db *sql.DB) effect {
	return func(ctx context.Context, try string) error {
		_, err := db.ExecContext(ctx, insertSQL(try))
		return err
	}
}

// loseReplies cuts connections instead of handing on a statement's reply.
func loseReplies(ctx context.Context, env *Env, replies int, open func(context.Context, string) (*committer, error)) (found Side, err error) {
	db, p, err := env.proxied(ctx, effectsBase(), bumpSQL)
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, db.drop()) }()
	c, err := open(ctx, p.URL())
	if err != nil {
		return found, err
	}
	defer c.end()

	draw := env.rand(4, 0)
	failed := 0
	for i, which := range draw.Perm(replies) {
		t := try{db: db, p: p, name: fmt.Sprint(i), warm: draw.IntN(2) == 0, lendsDead: c.lendsDead}
		lost, err := t.run(ctx, func(p *proxy.Proxy) *proxy.Rule { return p.CutBefore(effectReply()) }, c.writes[which%len(c.writes)])
		if err != nil {
			return found, err
		}
		if lost != nil {
			failed++
		}
		if t.rows > 1 || t.sent > 1 {
			found.Bad++
		}
		if i%25 == 24 {
			env.Say("4: reply %d of %d", i+1, replies)
		}
	}
	found.Of = replies
	found.Note = fmt.Sprintf("%d errors to the caller", failed)
	return found, nil
}

// effectReply returns a matcher of the reply to a statement that leaves an
// effect. Other statements have the same tags, such as those that reset a session.
func effectReply() func(proxy.Message) bool {
	var mu sync.Mutex // guards asked
	asked := make(map[int]bool)
	return func(m proxy.Message) bool {
		mu.Lock()
		defer mu.Unlock()
		if m.Frontend {
			asked[m.Conn] = asked[m.Conn] || (m.Type == 'Q' || m.Type == 'B') && effectful(m.SQL)
			return false
		}
		return asked[m.Conn] && (m.Tag() == "INSERT 0 1" || m.Tag() == "SELECT 1")
	}
}
