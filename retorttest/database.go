package retorttest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// patience bounds what the kit itself asks of the server.
const patience = time.Minute

// Database is one test's own database.
//
//   - Concurrency: safe for many goroutines; the helpers that run SQL share one
//     connection and take turns.
type Database struct {
	name string
	url  string

	mu   sync.Mutex // guards conn, opened by the first helper that needs it
	conn *pgx.Conn
}

// NewDatabase makes a database for this test, a copy of the template.
//
//   - Shape: dropped when the test and its subtests are done, with whatever is
//     still connected to it; kept when the test failed and RETORT_KEEP is 1.
//   - Errors: the test fails.
func NewDatabase(tb testing.TB, tpl Template) *Database {
	tb.Helper()
	server := serverURL(tb)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	admin, err := pgx.Connect(ctx, server.String())
	if err != nil {
		tb.Fatalf("retorttest: connect to the test server: %v", err)
	}
	defer admin.Close(context.WithoutCancel(ctx))
	source, err := tpl.ensure(ctx, admin, server)
	if err != nil {
		tb.Fatalf("retorttest: %v", err)
	}
	name := databaseName(tb.Name())
	if err := create(ctx, admin, name, source); err != nil {
		tb.Fatalf("retorttest: %v", err)
	}
	d := &Database{name: name, url: databaseURL(server, name)}
	tb.Cleanup(func() { d.close(tb, server) })
	return d
}

// create copies the source's files where the server can (15 and newer): half
// the time of writing them through the log.
func create(ctx context.Context, admin *pgx.Conn, name, source string) error {
	sql := "CREATE DATABASE " + quote(name) + " TEMPLATE " + quote(source)
	var version int
	if err := admin.QueryRow(ctx, "SELECT current_setting('server_version_num')::int").Scan(&version); err != nil {
		return fmt.Errorf("ask for the server's version: %w", err)
	}
	if version >= 150000 {
		sql += " STRATEGY file_copy"
	}
	if _, err := admin.Exec(ctx, sql); err != nil {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	return nil
}

// close drops the database, or says where it is.
func (d *Database) close(tb testing.TB, server *url.URL) {
	tb.Helper()
	// The test's own context is over by now.
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conn != nil {
		_ = d.conn.Close(ctx)
	}
	if tb.Failed() && keep() {
		tb.Logf("retorttest: kept database %s%s", redact(d.url), howToStart(server))
		return
	}
	admin, err := pgx.Connect(ctx, server.String())
	if err != nil {
		tb.Errorf("retorttest: connect to drop database %s: %v", d.name, err)
		return
	}
	defer admin.Close(ctx)
	if _, err := admin.Exec(ctx, "DROP DATABASE IF EXISTS "+quote(d.name)+" WITH (FORCE)"); err != nil {
		tb.Errorf("retorttest: drop database %s: %v", d.name, err)
	}
}

// howToStart is the command that brings the kept private server back.
func howToStart(server *url.URL) string {
	if os.Getenv(envURL) != "" {
		return ""
	}
	process.mu.Lock()
	defer process.mu.Unlock()
	if process.server == nil {
		return ""
	}
	process.kept = true
	as := ""
	if os.Geteuid() == 0 {
		as = "setpriv --reuid postgres --regid postgres --clear-groups "
	}
	return fmt.Sprintf("; after this run start its server with:\n%s%s -D %s -p %s -k /tmp",
		as, process.server.Binaries().Path("postgres"), process.server.DataDir(), server.Port())
}

// URL is how to reach the database.
func (d *Database) URL() string { return d.url }

// Name is the database's name on its server.
func (d *Database) Name() string { return d.name }

// databaseName makes a readable, unique name of at most 63 bytes.
func databaseName(test string) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '_'
	}, test)
	var random [6]byte
	rand.Read(random[:])
	return fmt.Sprintf("t_%.40s_%s", clean, hex.EncodeToString(random[:]))
}

func databaseURL(server *url.URL, name string) string {
	u := *server
	u.Path, u.RawPath = "/"+name, ""
	return u.String()
}

func redact(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "(a URL that cannot be read)"
	}
	return u.Redacted()
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }
