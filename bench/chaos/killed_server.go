package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/localpg"
)

// Entry is one commit of a ledger.
type Entry struct{ retort.UUIDKey }

// writers write at once, each one transaction after the other.
const writers = 8

// KilledServer counts acknowledged commits that are gone after kills of the
// server by SIGKILL, on Linux all of its processes at once, with 8 writers at
// work.
//
// The server is one of its own, on a kept data folder, with fsync, full page
// writes and synchronous_commit on. The control's database has
// synchronous_commit off, and is killed until it loses something, at most twice
// as often.
func KilledServer(ctx context.Context, env *Env, kills int) (line Line, err error) {
	line = Line{
		Number: 1, RedFrom: 1, What: fmt.Sprintf("acknowledged commits lost in %d × kill -9 of the server, %d writers", kills, writers),
		ControlIs: "Retort on a database with synchronous_commit = off",
	}
	dir, err := os.MkdirTemp("", "retort-chaos-")
	if err != nil {
		return line, err
	}
	defer os.RemoveAll(dir)
	srv, err := localpg.Start(ctx, localpg.Config{DataDir: dir, Settings: map[string]string{
		"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on",
		// What the control has not flushed yet is what it can lose. A synchronous
		// commit does not wait for the WAL writer.
		"wal_writer_delay": "10s",
	}})
	if err != nil {
		return line, err
	}
	defer func() { err = errors.Join(err, srv.Stop(context.WithoutCancel(ctx))) }()
	drill := &killDrill{Env: env, srv: srv}

	if line.Retort, err = drill.run(ctx, "retort", "on", kills, 0, openRetortWriter); err != nil {
		return line, err
	}
	if drill.denied > 0 {
		line.Broken = append(line.Broken, fmt.Sprintf("%d commits were reported as not done and are stored", drill.denied))
	}
	if line.Pgxpool, err = drill.run(ctx, "pgxpool", "on", kills, 1, openPgxpoolWriter); err != nil {
		return line, err
	}
	line.Control, err = drill.run(ctx, "control", "off", kills, 2, openRetortWriter)
	return line, err
}

// killDrill kills one server.
type killDrill struct {
	*Env
	srv    *localpg.Server
	denied int // of the last run
}

// run kills the server under one kind of writer. A database whose commits are
// asynchronous is killed again until something is lost.
func (d *killDrill) run(ctx context.Context, name, synchronous string, kills, part int, open openWriter) (Side, error) {
	url := d.srv.URL(name)
	if err := d.prepare(ctx, name, synchronous); err != nil {
		return Side{}, err
	}
	rounds, perRound := 1, kills
	if synchronous == "off" {
		rounds, perRound = 2*kills, 1
	}
	draw := d.rand(1, part)
	done, all := 0, &ledger{}
	var found Side
	for range rounds {
		write, end, err := open(ctx, url)
		if err != nil {
			return found, err
		}
		book, err := d.hammer(ctx, name, write, perRound, func() time.Duration {
			return time.Duration(20+draw.IntN(200)) * time.Millisecond
		})
		end()
		if err != nil {
			return found, err
		}
		done += perRound
		all.add(book)
		if found, d.denied, err = all.check(ctx, url); err != nil || found.Bad > 0 {
			break
		}
	}
	found.Note = notes(fmt.Sprintf("%d kills", done), found.Note)
	return found, nil
}

// prepare makes a database whose commits wait for the disk, or do not.
func (d *killDrill) prepare(ctx context.Context, name, synchronous string) error {
	conn, err := pgx.Connect(ctx, d.srv.URL("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, sql := range []string{"CREATE DATABASE " + name, "ALTER DATABASE " + name + " SET synchronous_commit = " + synchronous} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	if err := createAll(ctx, d.srv.URL(name), entriesBase()); err != nil {
		return err
	}
	own, err := pgx.Connect(ctx, d.srv.URL(name))
	if err != nil {
		return err
	}
	defer own.Close(ctx)
	var have, fsync string
	err = own.QueryRow(ctx, "SELECT current_setting('synchronous_commit'), current_setting('fsync')").Scan(&have, &fsync)
	if err == nil && (have != synchronous || fsync != "on") {
		err = fmt.Errorf("synchronous_commit is %s and fsync %s, want %s and on", have, fsync, synchronous)
	}
	return err
}

// hammer writes from all writers while the server is killed and restarted.
func (d *killDrill) hammer(ctx context.Context, name string, write writer, kills int, lull func() time.Duration) (*ledger, error) {
	var (
		books [writers]ledger
		acks  atomic.Int64
		stop  = make(chan struct{})
		wg    sync.WaitGroup
	)
	for i := range books {
		wg.Go(func() { books[i].keep(ctx, write, &acks, stop) })
	}
	err := d.killAll(ctx, name, kills, lull, &acks)
	close(stop)
	wg.Wait()
	all := &ledger{}
	for i := range books {
		all.add(&books[i])
	}
	return all, err
}

func (d *killDrill) killAll(ctx context.Context, name string, kills int, lull func() time.Duration, acks *atomic.Int64) error {
	for i := range kills {
		before := acks.Load()
		ok, err := eventually(ctx, 30*time.Second, func() (bool, error) { return acks.Load() >= before+2*writers, nil })
		if err == nil && !ok {
			err = fmt.Errorf("%s: the writers do not get through", name)
		}
		if err == nil {
			err = pause(ctx, lull())
		}
		if err == nil {
			err = killServer(d.srv)
		}
		if err == nil {
			err = d.srv.Restart(ctx)
		}
		if err != nil {
			return err
		}
		d.Say("1: %s: kill %d of %d, %d acknowledged", name, i+1, kills, acks.Load())
	}
	return nil
}
