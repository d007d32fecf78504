package migrate_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/retort-go/retort/retorttest/proxy"
)

// The network is cut behind any statement, before its answer. A COMMIT whose answer is
// lost is looked up in the ledger; whatever else is lost, the next run completes.
func TestRunner_completes_when_the_network_is_cut_anywhere(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	resolved := 0
	_, last := walk(t, func(n int) (bool, error) {
		db := newDatabase(t)
		defer db.eng.Close(context.WithoutCancel(t.Context()))
		p := proxy.Start(t, db.URL())
		defer p.Close()
		rule, commit := cutBehind(p, n)
		eng := open(t, p.URL())
		first := upgradeTravels(t.Context(), eng, false)
		_ = eng.Close(t.Context())
		p.Close()
		if rule.Fired() == 0 {
			return false, first
		}
		if first == nil && commit() {
			mu.Lock()
			resolved++
			mu.Unlock()
		}
		if err := upgradeTravels(t.Context(), db.eng, false); err != nil {
			return true, fmt.Errorf("%w (before: %w)", err, first)
		}
		return true, arrived(t, db)
	})
	if last < 100 || resolved < 10 {
		t.Errorf("cut at %d statements, %d lost answers to COMMIT were resolved: the walk has not seen it", last, resolved)
	}
	t.Logf("cut at each of %d statements, %d lost answers to COMMIT were resolved", last, resolved)
}

// cutBehind cuts the connection of the nth statement when all of its flight has reached
// the server, and tells afterwards whether that was a COMMIT.
func cutBehind(p *proxy.Proxy, n int) (*proxy.Rule, func() bool) {
	var mu sync.Mutex
	conn, commit := 0, false
	at := boundary(n, nil)
	rule := p.CutAfter(func(m proxy.Message) bool {
		here := at(m)
		mu.Lock()
		defer mu.Unlock()
		if here {
			conn, commit = m.Conn, strings.Contains(m.SQL, "COMMIT")
		}
		return m.Frontend && conn != 0 && m.Conn == conn && (m.Type == 'S' || m.Type == 'Q')
	})
	return rule, func() bool {
		mu.Lock()
		defer mu.Unlock()
		return commit
	}
}
