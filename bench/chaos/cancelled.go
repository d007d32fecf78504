package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

const (
	clients     = 16 // leave at random points
	capacity    = 8  // connections that a pool may open
	leakers     = 3  // requests of the control
	slowSQL     = "SELECT pg_sleep(0.005)"
	quickSQL    = "UPDATE items SET n = n + 1 WHERE id = 15" // and then the handler thinks
	thinkTime   = 3 * time.Millisecond
	hotSQL      = "UPDATE items SET n = n + 1 WHERE id = 1" // everybody waits for everybody
	shortestOut = 20 * time.Microsecond
)

// Cancelled counts what is left over after requests whose clients left at random
// points: goroutines, connections that no pool owns, locks, transactions left
// open, and places missing from the pool. It must run alone in its process.
//
// The control's handler begins a session of its own and a goroutine, and forgets
// both; each of the five numbers must show it.
func Cancelled(ctx context.Context, env *Env, requests int) (Line, error) {
	line := Line{
		Number: 11, RedFrom: 1, What: fmt.Sprintf("left over after %d requests cancelled at random points", requests),
		ControlIs: fmt.Sprintf("Retort, %d requests to a handler that forgets its session and a goroutine", leakers),
	}
	left, note, err := leave(ctx, env, requests, openRetortHost)
	if err != nil {
		return line, err
	}
	line.Retort = left.side(requests, note)
	left, note, err = leave(ctx, env, requests, openPgxpoolHost)
	if err != nil {
		return line, err
	}
	line.Pgxpool = left.side(requests, note)
	left, note, err = leave(ctx, env, 0, openLeakingHost)
	if err != nil {
		return line, err
	}
	line.Control = left.side(leakers, note)
	for name, n := range left.all() {
		if n < 1 {
			line.Blind = append(line.Blind, fmt.Sprintf("%d %s left over", n, name))
		}
	}
	return line, nil
}

// leave makes requests that are given up, or the control's, and measures.
func leave(ctx context.Context, env *Env, requests int, open func(context.Context, string) (*host, error)) (left leftovers, note string, err error) {
	_, base := itemsBase()
	db, err := env.database(ctx, base, itemsSQL)
	if err != nil {
		return left, "", err
	}
	defer func() { err = errors.Join(err, db.drop()) }()
	before := goroutines()
	h, err := open(ctx, db.url)
	if err != nil {
		return left, "", err
	}
	s, err := newSite(h.routes)
	if err != nil {
		h.end()
		return left, "", err
	}
	if h.forget != nil {
		for range leakers {
			if _, err := s.send(ctx, http.MethodPost, "/write", ""); err != nil {
				return left, "", errors.Join(err, s.close())
			}
		}
	} else {
		if note, err = s.walkOut(ctx, env, requests); err != nil {
			h.end()
			return left, "", errors.Join(err, s.close())
		}
		waiting, working := h.points()
		note = fmt.Sprintf("%d left waiting for a connection, %d while one worked for them; %s", waiting, working, note)
	}
	if left, err = db.leftovers(ctx, h); err != nil {
		return left, "", err
	}
	if err := s.close(); err != nil {
		return left, "", err
	}
	if h.forget != nil {
		left.goroutines = goroutinesBeyond(before, h.patience)
		h.forget()
		h.end()
		return left, note, nil
	}
	h.end()
	left.goroutines = goroutinesBeyond(before, h.patience)
	return left, note, nil
}

// walkOut makes requests until so many were given up by their clients.
func (s *site) walkOut(ctx context.Context, env *Env, requests int) (string, error) {
	var cancelled, answered atomic.Int64
	draws := make([]*rand.Rand, clients)
	for i := range draws {
		draws[i] = env.rand(11, i)
	}
	begun := time.Now()
	err := inParallel(clients, clients, func(client int) error {
		for cancelled.Load() < int64(requests) {
			if err := ctx.Err(); err != nil {
				return err
			}
			left, err := s.visit(ctx, draws[client])
			if err != nil {
				return err
			}
			if !left {
				answered.Add(1)
			} else if n := cancelled.Add(1); n%2000 == 0 {
				env.Say("11: %d of %d requests given up", n, requests)
			}
			if answered.Load() > 20*int64(requests)+1000 {
				return fmt.Errorf("only %d of %d requests were given up in time", cancelled.Load(), requests)
			}
		}
		return nil
	})
	return fmt.Sprintf("%d more were answered, in %.0f s", answered.Load(), time.Since(begun).Seconds()), err
}

// visit makes one request and leaves, mostly; one in ten leaves in the middle of
// its own request.
func (s *site) visit(ctx context.Context, draw *rand.Rand) (left bool, err error) {
	path := routes()[draw.IntN(len(routes()))]
	longest := []int{1_000, 6_000, 40_000}[draw.IntN(3)]
	after := shortestOut + time.Duration(draw.IntN(longest))*time.Microsecond
	if draw.IntN(10) == 0 {
		return true, s.hangUp(path, after)
	}
	within, cancel := context.WithTimeout(ctx, after)
	defer cancel()
	_, err = s.send(within, http.MethodPost, path, "")
	if err == nil {
		return false, nil
	}
	if within.Err() == nil && !errors.Is(err, context.DeadlineExceeded) { // a dial ends a little before its context
		return false, err
	}
	return true, nil
}

// hangUp closes the connection within the body that it has announced.
func (s *site) hangUp(path string, after time.Duration) error {
	conn, err := net.DialTimeout("tcp", s.addr, 10*time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{", path)
	time.Sleep(after)
	return err
}
