package retort

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/pool"
)

// Loan is a connection that somebody else's pool has lent. A *pgxpool.Conn is one.
type Loan interface {
	Conn() *pgx.Conn
	Release()
}

// Lender lends connections in place of the engine's own pool. See [LendFrom].
type Lender func(ctx context.Context) (Loan, error)

// LendFrom makes a lender of the Acquire of any pool of pgx connections:
//
//	retort.Open(retort.Config{Base: base, Lender: retort.LendFrom(pool.Acquire)})
//
// with pool a *pgxpool.Pool. It is generic so that Retort need not import pgxpool;
// see docs/adr/0008-lent-connections.md.
func LendFrom[L Loan](acquire func(context.Context) (L, error)) Lender {
	return func(ctx context.Context) (Loan, error) {
		l, err := acquire(ctx)
		if err != nil {
			return nil, err // never an L that is nil in an interface
		}
		return l, nil
	}
}

// target is where the engine connects to; nowhere with a lender.
func (c *Config) target() (*pgx.ConnConfig, error) {
	if c.Lender == nil {
		whole, err := parseURL(c.URL)
		if err == nil {
			return whole, nil
		}
		return &pgx.ConnConfig{}, err
	}
	return &pgx.ConnConfig{}, nil
}

// connects tells whether a setting is there that is of no use with a lender.
func (c *Config) connects() bool {
	return c.URL != "" || c.PoolSize != 0 || c.MaxOverflow != 0 || c.PoolTimeout != 0 || c.OutageTimeout != 0 || c.HeldLimit != 0 ||
		c.Recycle != 0 || c.PrePing || c.ConnectTimeout != 0 || c.PasswordFunc != nil || c.AfterConnect != nil
}

// loan is one borrowed connection: of the engine's own pool, of a lender, or of a
// transaction that a session has joined.
type loan struct {
	pool.Lease[*flight.Conn]
	lent *lent // nil for the engine's own pool
}

type lent struct {
	conn *flight.Conn
	back func() // nil for a joined transaction
}

// Resource is the connection, nil for the zero loan.
func (l loan) Resource() *flight.Conn {
	if l.lent != nil {
		return l.lent.conn
	}
	return l.Lease.Resource()
}

// lending is what an engine without a pool of its own keeps of one.
type lending struct {
	lender Lender

	mu     sync.Mutex // guards all that follows
	inUse  int
	closed bool
	empty  chan struct{} // closed when closed and nothing is in use
}

func newLending(l Lender) *lending {
	return &lending{lender: l, empty: make(chan struct{})}
}

// lendTries bounds how many dead connections are thrown away in a row.
const lendTries = 16

// acquire borrows a connection that shows no sign of death.
func (p *lending) acquire(ctx context.Context, cfg flight.Config) (loan, error) {
	if !p.open() {
		return loan{}, ErrEngineClosed
	}
	kept := false
	defer func() {
		if !kept { // also when the lender panicked
			p.returned()
		}
	}()
	for try := 1; ; try++ {
		l, err := p.lender(ctx)
		if err != nil {
			return loan{}, fmt.Errorf("retort: Config.Lender: %w", err)
		}
		c, err := flight.Adopt(l.Conn(), cfg)
		switch {
		case err == nil && c.Alive() && c.TxStatus() == 'I':
			kept = true
			return loan{lent: &lent{conn: c, back: l.Release}}, nil
		case err == nil && c.Alive():
			err = errors.New("it lent a connection that is in a transaction")
		case err == nil:
			err = errors.New("it lent connections that are dead")
			closeConn(c)
		}
		l.Release()
		if try == lendTries || ctx.Err() != nil || c != nil && !c.Broken() {
			return loan{}, fmt.Errorf("retort: Config.Lender: %w", err)
		}
	}
}

func (p *lending) open() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.inUse++
	}
	return !p.closed
}

func (p *lending) returned() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inUse--
	if p.closed && p.inUse == 0 {
		close(p.empty)
	}
}

// release gives a connection back. One that cannot be used by others is closed
// first, which the pool notices.
func (p *lending) release(l *lent) {
	defer p.returned()
	c := l.conn
	if !c.Broken() && (c.MustClose() || c.Condemned() != nil || c.TxStatus() != 'I' || c.Busy()) {
		closeConn(c)
	}
	l.back()
}

// close waits for what is borrowed. The pool itself is its owner's to close.
func (p *lending) close(ctx context.Context) error {
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		if p.inUse == 0 {
			close(p.empty)
		}
	}
	p.mu.Unlock()
	select {
	case <-p.empty:
		return nil
	case <-ctx.Done():
	}
	inUse := p.stats().InUse
	if inUse == 0 { // both at once, or just now
		return nil
	}
	return fmt.Errorf("retort: closing the engine: %d connections were still in use: %w", inUse, ctx.Err())
}

func (p *lending) stats() pool.Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return pool.Stats{InUse: p.inUse}
}
