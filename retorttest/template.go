package retorttest

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"
)

// Template says what a test's database begins with; its zero value is an empty
// database.
type Template struct {
	// Key names the content: a hash of what Fill makes. Databases with the same
	// key are copies of the same template, across processes too, so a Fill that
	// changes needs another key.
	Key string

	// Fill makes the content in the database at url, once for each key and
	// server. It must close its connections. Nil: nothing is made.
	Fill func(ctx context.Context, url string) error
}

// ensure makes the template database unless it is there, and returns its name.
// An advisory lock lets one process make it while others wait.
func (t Template) ensure(ctx context.Context, admin *pgx.Conn, server *url.URL) (string, error) {
	if t.Fill == nil {
		return "template1", nil
	}
	sum := sha256.Sum256([]byte(t.Key))
	name := fmt.Sprintf("retort_template_%x", sum[:8])
	if ready, err := isTemplate(ctx, admin, name); err != nil || ready {
		return name, err
	}
	lock := int64(binary.BigEndian.Uint64(sum[8:]))
	if _, err := admin.Exec(ctx, "SELECT pg_advisory_lock($1)", lock); err != nil {
		return "", fmt.Errorf("lock template %s: %w", name, err)
	}
	defer func() { _, _ = admin.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", lock) }()
	if ready, err := isTemplate(ctx, admin, name); err != nil || ready {
		return name, err
	}
	return name, t.make(ctx, admin, server, name)
}

// make fills a new database and marks it as a template last, so that one that
// was cut short is seen and made anew.
func (t Template) make(ctx context.Context, admin *pgx.Conn, server *url.URL, name string) error {
	for _, sql := range []string{"DROP DATABASE IF EXISTS " + quote(name) + " WITH (FORCE)", "CREATE DATABASE " + quote(name)} {
		if _, err := admin.Exec(ctx, sql); err != nil {
			return fmt.Errorf("make template %s: %w", name, err)
		}
	}
	if err := t.Fill(ctx, databaseURL(server, name)); err != nil {
		return fmt.Errorf("fill template %s (key %q): %w", name, t.Key, err)
	}
	if err := waitUnused(ctx, admin, name); err != nil {
		return err
	}
	if _, err := admin.Exec(ctx, "ALTER DATABASE "+quote(name)+" WITH IS_TEMPLATE true ALLOW_CONNECTIONS false"); err != nil {
		return fmt.Errorf("finish template %s: %w", name, err)
	}
	return nil
}

func isTemplate(ctx context.Context, admin *pgx.Conn, name string) (bool, error) {
	var ready bool
	err := admin.QueryRow(ctx, "SELECT datistemplate FROM pg_database WHERE datname = $1", name).Scan(&ready)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for template %s: %w", name, err)
	}
	return ready, nil
}

// waitUnused gives the sessions that Fill closed a moment to end. A database
// with sessions cannot be copied.
func waitUnused(ctx context.Context, admin *pgx.Conn, name string) error {
	for begin := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		var open int
		err := admin.QueryRow(ctx, "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend'", name).Scan(&open)
		if err != nil {
			return fmt.Errorf("look for sessions of template %s: %w", name, err)
		}
		if open == 0 {
			return nil
		}
		if time.Since(begin) > 5*time.Second {
			return fmt.Errorf("Template.Fill left %d connections to its database open; close them before it returns", open)
		}
	}
}
