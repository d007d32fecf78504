package chaos

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort/retorttest/proxy"
)

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
	early := 0
	for i, place := range order {
		where := places[place%len(places)]
		t := try{db: db, p: p, name: fmt.Sprint(i), warm: draw.IntN(2) == 0, lendsDead: c.lendsDead}
		lost, err := t.run(ctx, where.arm, c.writes[place/len(places)%len(c.writes)])
		if err != nil {
			return found, bySafeToRetry, fmt.Errorf("%s: %w", where.name, err)
		}
		early += t.early
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
	found.Note = fmt.Sprintf("%d reported committed, %d not committed, %d unknown", counted[stored], counted[absent], counted[unknown])
	if early > 0 {
		found.Note += fmt.Sprintf("; %d writes failed before anything was sent", early)
	}
	return found, bySafeToRetry, nil
}
