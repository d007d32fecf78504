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
		{"before COMMIT", func(p *proxy.Proxy) *proxy.Rule { return p.CutBefore(proxy.Commits) }},
	}
}

// CutCommit counts wrong verdicts on transactions whose connection is cut before,
// at or behind the reply to COMMIT, in turn: reported as committed without a
// row, as not committed with one, or stored or sent more than once. For a quarter
// as many the server is killed there, and restarted or replaced by its standby.
//
// To say that it is unknown is never wrong, so the note counts it; where the server
// stays, nothing may be unknown. Beside it, the note has the same cuts without
// outcome rows. pgxpool is read as people read it: an error means that it was not
// committed. The control reads the same errors by pgconn.SafeToRetry.
func CutCommit(ctx context.Context, env *Env, cuts int) (Line, error) {
	kills := max(3, cuts/4)
	line := Line{
		Number: 3, RedFrom: 1, What: fmt.Sprintf("wrong verdicts on %d cut COMMIT replies, and on %d where the server crashed", cuts, kills),
		ControlIs: "pgxpool, read by pgconn.SafeToRetry",
	}
	sure, _, err := cutAll(ctx, env, cuts, openRetortCommitter)
	if err != nil {
		return line, err
	}
	if n := sure.counted[unknown]; n > 0 {
		line.Broken = append(line.Broken, fmt.Sprintf("%d cut replies of a server that stayed are not resolved", n))
	}
	unsure, _, err := cutAll(ctx, env, cuts, openUnsureCommitter)
	if err != nil {
		return line, err
	}
	if unsure.counted[unknown] == 0 {
		line.Blind = append(line.Blind, "no reply was lost for good")
	}
	crashed, err := crashes(ctx, env, kills, openRetortCommitter)
	if err != nil {
		return line, err
	}
	line.Retort = Side{
		Bad: sure.bad + unsure.bad + crashed.bad, Of: cuts + kills,
		Note: fmt.Sprintf("%s; with crashes %s; without outcome rows %s", sure, crashed, unsure),
	}
	pgx, bySafeToRetry, err := cutAll(ctx, env, cuts, openPgxpoolCommitter)
	line.Pgxpool = Side{Bad: pgx.bad, Of: cuts, Note: pgx.String()}
	line.Control = Side{Bad: bySafeToRetry, Of: cuts}
	return line, err
}

// verdicts are what was told of COMMITs.
type verdicts struct {
	bad     int // told wrongly
	counted [unknown + 1]int
	early   int // writes that failed before anything was sent
}

// note takes one, of a transaction that has left so many rows.
func (v *verdicts) note(what belief, rows int) {
	v.counted[what]++
	if rows > 1 || what == stored && rows != 1 || what == absent && rows != 0 {
		v.bad++
	}
}

func (v *verdicts) add(other verdicts) {
	v.bad, v.early = v.bad+other.bad, v.early+other.early
	for i, n := range other.counted {
		v.counted[i] += n
	}
}

// String is "25 reported committed, 75 not committed, 0 unknown".
func (v verdicts) String() string {
	text := fmt.Sprintf("%d reported committed, %d not committed, %d unknown", v.counted[stored], v.counted[absent], v.counted[unknown])
	if v.early > 0 {
		text += fmt.Sprintf("; %d writes failed before anything was sent", v.early)
	}
	return text
}

// cutAll cuts one connection after the other. bySafeToRetry are wrong verdicts on
// the same errors by pgconn.SafeToRetry.
func cutAll(ctx context.Context, env *Env, cuts int, open func(context.Context, string) (*committer, error)) (found verdicts, bySafeToRetry int, err error) {
	db, p, err := env.proxied(ctx, effectsBase())
	if err != nil {
		return found, bySafeToRetry, err
	}
	defer func() { err = errors.Join(err, db.drop()) }()
	c, err := open(ctx, p.URL())
	if err != nil {
		return found, bySafeToRetry, err
	}
	defer c.end()

	draw := env.rand(3, 0)
	places := commitCuts()
	order := draw.Perm(cuts)
	for i, place := range order {
		where := places[place%len(places)]
		t := try{db: db, p: p, name: fmt.Sprint(i), warm: draw.IntN(2) == 0, lendsDead: c.lendsDead}
		lost, err := t.run(ctx, where.arm, c.writes[place/len(places)%len(c.writes)])
		if err != nil {
			return found, bySafeToRetry, fmt.Errorf("%s: %w", where.name, err)
		}
		found.early += t.early
		if found.note(c.judge(lost), t.rows); t.sent > 1 && t.rows <= 1 {
			found.bad++
		}
		if lost != nil && pgconn.SafeToRetry(lost) && t.rows > 0 {
			bySafeToRetry++
		}
		if i%25 == 24 {
			env.Say("3: cut %d of %d", i+1, cuts)
		}
	}
	return found, bySafeToRetry, nil
}
