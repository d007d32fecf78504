package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest/history"
)

const (
	historyWorkers = 8
	liveLists      = 4  // that are appended to at the same time
	listLength     = 40 // after which a list is left alone
	accounts       = 6
	accountMoney   = 100

	besideOperations  = 20_000 // of pgxpool and the control, at most
	operationsPerKill = 3000

	storeShare   = 10   // one call of registers and queues for so many operations
	besideStores = 2000 // as besideOperations
)

const (
	appendSQL = "INSERT INTO lists (key, vals) VALUES ($1, ARRAY[$2::int]) ON CONFLICT (key) DO UPDATE SET vals = lists.vals || $2::int"
	listSQL   = "SELECT coalesce((SELECT array_to_string(vals, ',') FROM lists WHERE key = $1), '')"
	moneySQL  = "SELECT string_agg(money::text, ',' ORDER BY id) FROM accounts"
	moveSQL   = "UPDATE accounts SET money = $2 WHERE id = $1"
)

// Histories counts what a serializable transaction must never see: anomalies
// among appends to lists and reads of them, balances of a bank that do not add up,
// and in the end commits that are missing and rollbacks that are there. Meanwhile
// connections and the server suffer all faults, as [shaken] has them.
//
// And single registers, changed by compare-and-set of versions, and a queue of jobs,
// by FOR UPDATE SKIP LOCKED: for each there must be an order of all calls that
// explains their answers, with those whose commit is unknown open-ended.
//
// The control runs the same at READ COMMITTED; its registers and queue do not look
// whether what they have read is still there.
func Histories(ctx context.Context, env *Env, operations int) (Line, error) {
	line := Line{
		Number: 14, RedFrom: 1, What: fmt.Sprintf("anomalies that SERIALIZABLE forbids, in %d bank and append operations with all faults", operations),
		ControlIs: "Retort at READ COMMITTED, and a store that loses updates",
	}
	var err error
	if line.Retort, err = makeHistory(ctx, env, operations, retortScribe(retort.Serializable)); err != nil {
		return line, err
	}
	if line.Pgxpool, err = makeHistory(ctx, env, min(operations, besideOperations), pgxpoolScribe); err != nil {
		return line, err
	}
	if line.Control, err = makeHistory(ctx, env, min(operations, besideOperations), retortScribe(retort.ReadCommitted)); err != nil {
		return line, err
	}
	return line, linearizeAll(ctx, env, operations/storeShare, &line)
}

// linearizeAll adds what registers and queues do to the line.
func linearizeAll(ctx context.Context, env *Env, operations int, line *Line) error {
	for i, side := range []struct {
		into *Side
		n    int
		open openStore
	}{{&line.Retort, operations, openRetortStore}, {&line.Pgxpool, min(operations, besideStores), poolStore(true)}, {&line.Control, min(operations, besideStores), poolStore(false)}} {
		found, err := linearize(ctx, env, side.n, (i+1)<<16, side.open)
		if err != nil {
			return err
		}
		env.Say("14: %s", found)
		if side.into == &line.Control && found.Bad == 0 {
			line.Blind = append(line.Blind, "a store that loses updates passed for linearizable")
		}
		side.into.Bad += found.Bad
		side.into.Of += found.Of
		side.into.Note = notes(side.into.Note, found.Note)
	}
	return nil
}

// chronicle is what one side did and saw.
type chronicle struct {
	done        atomic.Int64 // operations
	nextStrike  atomic.Int64 // of them, until the server is ended
	strikeEvery int64
	strike      chan struct{}

	mu    sync.Mutex // guards what follows
	txns  []history.Txn
	bank  [][]int64
	value int
	lists [liveLists]int // appends so far
}

func makeHistory(ctx context.Context, env *Env, operations int, open openScribe) (found Side, err error) {
	db, err := newShaken(ctx, env,
		"CREATE TABLE lists (key text PRIMARY KEY, vals int[] NOT NULL)",
		"CREATE TABLE accounts (id int PRIMARY KEY, money int NOT NULL)",
		fmt.Sprintf("INSERT INTO accounts SELECT g, %d FROM generate_series(1, %d) g", accountMoney, accounts))
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, db.stop(ctx)) }()
	w, err := open(ctx, db.p.URL())
	if err != nil {
		return found, err
	}
	c := &chronicle{strikeEvery: int64(min(operations/2, operationsPerKill)), strike: make(chan struct{}, 1)}
	c.nextStrike.Store(c.strikeEvery)
	err = underFaults(ctx, db, env.rand(14, historyWorkers), c.strike, func() error {
		return inParallel(historyWorkers, historyWorkers, func(worker int) error {
			return c.write(ctx, env, w, worker, int64(operations))
		})
	})
	w.end()
	if err == nil {
		err = db.deserted(ctx)
	}
	if err != nil {
		return found, err
	}
	return c.judge(ctx, db)
}

// underFaults does something while everything breaks.
func underFaults(ctx context.Context, db *shaken, draw *rand.Rand, strike <-chan struct{}, do func() error) error {
	stop := make(chan struct{})
	shaken := make(chan error, 1)
	go func() { shaken <- db.shake(ctx, draw, stop, strike) }()
	err := do()
	close(stop)
	return errors.Join(err, <-shaken)
}

// write runs transactions until enough operations are done.
func (c *chronicle) write(ctx context.Context, env *Env, w *scribe, worker int, operations int64) error {
	draw, begun := env.rand(14, worker), time.Now()
	for c.done.Load() < operations && ctx.Err() == nil {
		if worker == 0 && time.Since(begun) > 10*time.Second {
			env.Say("14: %d of %d operations", c.done.Load(), operations)
			begun = time.Now()
		}
		var err error
		if draw.IntN(3) == 0 {
			err = c.transfer(ctx, w, draw)
		} else {
			err = c.append(ctx, w, draw)
		}
		if err != nil {
			_ = pause(ctx, time.Millisecond) // the server may be away
		}
		if next := c.nextStrike.Load(); c.done.Load() >= next && c.nextStrike.CompareAndSwap(next, next+c.strikeEvery) {
			select {
			case c.strike <- struct{}{}:
			default: // the last one is not over
			}
		}
	}
	return ctx.Err()
}

// take draws a list that is still short, and a value for it.
func (c *chronicle) take(draw *rand.Rand, appends bool) (key string, value int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := draw.IntN(liveLists)
	key = fmt.Sprintf("%d.%d", i, c.lists[i]/listLength)
	if appends {
		c.lists[i]++
		c.value++
	}
	return key, c.value
}

// append runs one transaction over lists and keeps each of its attempts.
func (c *chronicle) append(ctx context.Context, w *scribe, draw *rand.Rand) error {
	var attempts []history.Txn
	n := 1 + draw.IntN(4)
	status, err := w.run(ctx, func(s *statements) error {
		attempts = append(attempts, history.Txn{Status: history.Aborted})
		own := &attempts[len(attempts)-1]
		for range n {
			appends := draw.IntN(2) == 0
			key, value := c.take(draw, appends)
			if appends {
				if err := s.exec(appendSQL, key, value); err != nil {
					return err
				}
				own.Ops = append(own.Ops, history.Append(key, value))
				c.done.Add(1)
				continue
			}
			text, err := s.text(listSQL, key)
			if err != nil {
				return err
			}
			values, err := numbers[int](text)
			if err != nil {
				return err
			}
			own.Ops = append(own.Ops, history.Read(key, values...))
			c.done.Add(1)
		}
		return nil
	})
	if len(attempts) > 0 {
		attempts[len(attempts)-1].Status = status
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, txn := range attempts {
		if len(txn.Ops) > 0 {
			c.txns = append(c.txns, txn)
		}
	}
	return err
}

// transfer moves money by what was read, or reads all balances.
func (c *chronicle) transfer(ctx context.Context, w *scribe, draw *rand.Rand) error {
	var seen []int64
	from, to, amount := draw.IntN(accounts), draw.IntN(accounts), 1+draw.Int64N(20)
	moves := draw.IntN(2) == 0 && from != to
	status, err := w.run(ctx, func(s *statements) error {
		text, err := s.text(moneySQL)
		if err != nil {
			return err
		}
		c.done.Add(1)
		if seen, err = numbers[int64](text); err != nil || !moves || seen[from] < amount {
			return err
		}
		if err := s.exec(moveSQL, from+1, seen[from]-amount); err != nil {
			return err
		}
		c.done.Add(2)
		return s.exec(moveSQL, to+1, seen[to]+amount)
	})
	if status == history.Committed {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.bank = append(c.bank, seen)
	}
	return err
}

func numbers[N int | int64](text string) ([]N, error) {
	var all []N
	for part := range strings.SplitSeq(text, ",") {
		if part == "" {
			continue
		}
		n, err := strconv.ParseInt(part, 10, 64)
		if err != nil {
			return nil, err
		}
		all = append(all, N(n))
	}
	return all, nil
}

// judge looks for anomalies in all that was seen, and in what is there.
func (c *chronicle) judge(ctx context.Context, db *shaken) (found Side, err error) {
	rows, err := db.watch.Query(ctx, "SELECT key, array_to_string(vals, ',') FROM lists")
	if err != nil {
		return found, err
	}
	lists, key, text := map[string][]int{}, "", ""
	if _, err := pgx.ForEachRow(rows, []any{&key, &text}, func() (err error) {
		lists[key], err = numbers[int](text)
		return err
	}); err != nil {
		return found, err
	}
	var end history.Txn
	for key, values := range lists {
		end.Ops = append(end.Ops, history.Read(key, values...))
	}
	c.txns = append(c.txns, end)
	if err := db.watch.QueryRow(ctx, moneySQL).Scan(&text); err != nil {
		return found, err
	}
	last, err := numbers[int64](text)
	if err != nil {
		return found, err
	}
	wrong := history.Bank(accounts*accountMoney, append(c.bank, last))
	anomalies := append(history.Check(c.txns, history.Serializable), history.Final(c.txns, lists)...)
	kinds := map[history.Kind]int{}
	committed, unsure := 0, 0
	for _, a := range anomalies {
		kinds[a.Kind]++
	}
	for _, t := range c.txns {
		switch t.Status {
		case history.Committed:
			committed++
		case history.Unknown:
			unsure++
		}
	}
	found = Side{Bad: wrong + len(anomalies), Of: int(c.done.Load()), Note: fmt.Sprintf(
		"%d of %d attempts over lists and %d over accounts committed; %d unknown; %s", committed, len(c.txns), len(c.bank), unsure, db)}
	if found.Bad > 0 {
		found.Note = notes(found.Note, fmt.Sprintf("%d wrong balances, %v", wrong, kinds))
	}
	db.env.Say("14: %s", found)
	return found, nil
}
