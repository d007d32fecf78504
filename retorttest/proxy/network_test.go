package proxy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/retort-go/retort/localpg"
)

func TestSlice(t *testing.T) {
	t.Parallel()
	b := setup(t)
	text := strings.Repeat("naïve ", 5000)
	for _, n := range []int{1, 7, 0} {
		b.p.Slice(n)
		conn := connect(t, b.p.URL()) // the start in slices, too
		var got string
		if err := conn.QueryRow(t.Context(), "SELECT $1::text", text).Scan(&got); err != nil || got != text {
			t.Errorf("in slices of %d: %d bytes of %d, error %v", n, len(got), len(text), err)
		}
	}
	if n := b.p.RoundTrips(); n != 6 { // a Prepare and a query each
		t.Errorf("%d round trips", n)
	}
}

func TestRedirect(t *testing.T) {
	t.Parallel()
	b := setup(t)
	other, err := localpg.Start(t.Context(), localpg.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Stop(t.Context()) })
	port := func(conn *pgx.Conn) (port string) {
		t.Helper()
		if err := conn.QueryRow(t.Context(), "SHOW port").Scan(&port); err != nil {
			t.Fatal(err)
		}
		return port
	}
	before := port(b.conn)

	b.p.Redirect("postgres://127.0.0.1:1/nowhere")
	b.p.Reset()
	for range 3 {
		if _, err := pgx.Connect(t.Context(), b.p.URL()); err == nil {
			t.Error("connected to nowhere")
		}
	}
	if c := b.p.Counts(); c.Accepted < 3 || c.Connections != 0 {
		t.Errorf("%d attempts, %d sessions", c.Accepted, c.Connections)
	}

	b.p.Redirect(other.URL("postgres"))
	if got := port(b.conn); got != before {
		t.Errorf("an open connection has moved from %s to %s", before, got)
	}
	// The other server knows the user, and the database under its own name only.
	if _, err := pgx.Connect(t.Context(), b.p.URL()); err == nil || !strings.Contains(err.Error(), "3D000") {
		t.Errorf("a new connection: %v", err)
	}
}

func TestPeak(t *testing.T) {
	t.Parallel()
	b := setup(t)
	// settle waits for the end of what was closed, which is on its way.
	settle := func() {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); ; {
			b.p.Reset()
			if got := b.p.Counts().Peak; got == 1 {
				return
			} else if time.Now().After(deadline) {
				t.Fatalf("one is open, and the peak is %d", got)
			}
		}
	}
	for range 20 { // one after the other
		second := connect(t, b.p.URL())
		if got := b.p.Counts().Peak; got != 2 {
			t.Errorf("two are open, and the peak is %d", got)
		}
		if err := second.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := b.p.Counts().Peak; got != 2 {
			t.Errorf("two were open, and the peak is %d", got)
		}
		settle()
	}
}
