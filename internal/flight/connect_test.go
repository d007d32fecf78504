package flight_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/pgerr"
)

func TestConnect(t *testing.T) {
	t.Parallel()
	db := things(t)

	t.Run("never_tells_the_password", func(t *testing.T) {
		t.Parallel()
		base := db.URL()
		for _, url := range []string{
			strings.Replace(base, "retort@", "retort:s3cretword@", 1) + "&nonsense_setting=1",
			strings.Replace(base, "retort@", "nobody:s3cretword@", 1),
			"postgres://retort:s3cretword@127.0.0.1:1/none?sslmode=disable",
			"postgres://retort:s3cretword@127.0.0.1:1/none?sslmode=prefer",
			"postgres://retort:s3cretword@no-such-host.invalid/none?sslmode=disable",
			strings.Replace(base, "sslmode=disable", "sslmode=require", 1) + "&password=s3cretword",
		} {
			_, err := flight.Connect(t.Context(), &flight.Config{Conn: parse(t, url)})
			ce, ok := errors.AsType[*pgerr.ConnectError](err)
			if !ok {
				t.Errorf("%s: got %v, want a *pgerr.ConnectError", url, err)
				continue
			}
			text, _ := json.Marshal(ce)
			for e := error(ce); e != nil; e = errors.Unwrap(e) {
				text = fmt.Appendf(text, "%v %+v %#v %q", e, e, e, e)
			}
			if strings.Contains(string(text), "s3cretword") {
				t.Errorf("%s: the password shows: %s", url, text)
			}
			if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
				t.Errorf("%s: pgx's own error, with the configuration, is in the chain", url)
			}
		}
	})

	t.Run("keeps_the_servers_answer", func(t *testing.T) {
		t.Parallel()
		_, err := flight.Connect(t.Context(), &flight.Config{Conn: parse(t, strings.Replace(db.URL(), db.Name(), "no_such_database", 1))})
		if pgerr.Code(err) != "3D000" || !strings.Contains(err.Error(), "no_such_database") {
			t.Errorf("got %v", err)
		}
	})

	t.Run("ends_with_its_context_and_its_timeout", func(t *testing.T) {
		t.Parallel()
		ln, err := net.Listen("tcp", "127.0.0.1:0") // accepts and never says a word
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { ln.Close() })
		cfg := flight.Config{Conn: parse(t, "postgres://retort@"+ln.Addr().String()+"/x?sslmode=disable")}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := flight.Connect(ctx, &cfg); !errors.Is(err, context.DeadlineExceeded) || !pgerr.Transient(err) {
			t.Errorf("got %v", err)
		}
		cfg.ConnectTimeout = 50 * time.Millisecond
		start := time.Now()
		if _, err := flight.Connect(t.Context(), &cfg); err == nil || time.Since(start) > 5*time.Second {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
	})

	t.Run("leaves_the_callers_configuration_alone", func(t *testing.T) {
		t.Parallel()
		var notices []string
		parsed := parse(t, db.URL())
		parsed.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { notices = append(notices, n.Message) }
		timeout := parsed.ConnectTimeout
		c, err := flight.Connect(t.Context(), &flight.Config{Conn: parsed})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close(t.Context())
		fly(t, c, &flight.Flight{Statements: []flight.Statement{raw("DO $$ BEGIN RAISE NOTICE 'hello'; END $$")}})
		if len(notices) != 1 || parsed.ConnectTimeout != timeout {
			t.Errorf("notices %v, timeout %s", notices, parsed.ConnectTimeout)
		}
	})

	t.Run("refuses_an_empty_configuration", func(t *testing.T) {
		t.Parallel()
		if _, err := flight.Connect(t.Context(), &flight.Config{}); err == nil {
			t.Error("connected to nothing")
		}
	})
}
