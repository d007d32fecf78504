package chaos

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest/proxy"
)

// Effect is a row whose key the server makes, so that running its INSERT twice
// makes two.
type Effect struct {
	retort.BigintKey
	Try string
}

// try is one write whose connection is cut, and what came of it.
type try struct {
	db   *database
	p    *proxy.Proxy
	name string
	warm bool // on a connection that has written before

	lendsDead bool // as the committer

	rows  int // that it left
	sent  int // INSERTs that the server was asked to run
	early int // writes that failed before anything was sent
}

// run returns what the write returned.
func (t *try) run(ctx context.Context, arm func(*proxy.Proxy) *proxy.Rule, write effect) (lost, err error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if t.warm {
		if err := t.attempt(ctx, "warm", write); err != nil {
			return nil, fmt.Errorf("before the cut: %w", err)
		}
	}
	rule := arm(t.p)
	t.p.Reset()
	lost = t.attempt(ctx, t.name, write)
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

// attempt writes, again where the pool lent a dead connection.
func (t *try) attempt(ctx context.Context, name string, write effect) error {
	before := len(t.p.Executions())
	err := write(ctx, name)
	for err != nil && t.lendsDead && len(t.p.Executions()) == before && t.early < 3 {
		t.early++
		err = write(ctx, name)
	}
	return err
}

// effectful tells the statements that leave an effect.
func effectful(sql string) bool {
	sql = strings.ToLower(sql)
	return strings.Contains(sql, "insert into") && strings.Contains(sql, "effects") || strings.Contains(sql, "bump(")
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
