package flight_test

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/retort-go/retort/internal/flight"
)

// TestSilent_addresses_are_waited_for_once lets a host of two addresses say nothing,
// before one that works. Without sslmode pgconn tries each twice.
func TestSilent_addresses_are_waited_for_once(t *testing.T) {
	t.Parallel()
	var silent []string
	for range 2 {
		l, err := net.Listen("tcp", "127.0.0.1:0") // the kernel takes the connections
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		silent = append(silent, l.Addr().String())
	}
	const timeout = 200 * time.Millisecond
	try := func(dial func(ctx context.Context, network, addr string) (net.Conn, error)) (*flight.Conn, error) {
		url := strings.ReplaceAll(strings.Replace(things(t).URL(), "@", "@silent.test:1,", 1), "sslmode=disable", "sslmode=prefer")
		cfg := flight.Config{Conn: parse(t, url), ConnectTimeout: timeout}
		cfg.Conn.LookupFunc = func(_ context.Context, host string) ([]string, error) {
			if host == "silent.test" {
				return silent, nil
			}
			return []string{host}, nil
		}
		cfg.Conn.DialFunc = dial
		return flight.Connect(t.Context(), &cfg)
	}

	t.Run("that_take_the_connection", func(t *testing.T) {
		dials := map[string]int{}
		c, err := try(func(ctx context.Context, network, addr string) (net.Conn, error) {
			dials[addr]++
			return new(net.Dialer).DialContext(ctx, network, addr)
		})
		if err != nil {
			t.Fatal(err)
		}
		_ = c.Close(t.Context())
		if dials[silent[0]] != 1 || dials[silent[1]] != 1 {
			t.Errorf("dialed %v, want each silent one once: it costs the whole timeout", dials)
		}
	})
	t.Run("that_are_not_reached", func(t *testing.T) {
		dials := map[string]int{}
		_, err := try(func(_ context.Context, network, addr string) (net.Conn, error) {
			dials[addr]++
			return nil, &net.OpError{Op: "dial", Net: network, Err: errors.New("no way to " + addr)}
		})
		if len(dials) != 3 {
			t.Errorf("dialed %v", dials)
		}
		for addr, n := range dials {
			if n != 1 || strings.Count(err.Error(), addr) != 1 {
				t.Errorf("dialed %s %d times: %v", addr, n, err)
			}
		}
	})
	t.Run("and_are_named_with_how_far_it_went", func(t *testing.T) {
		cfg := flight.Config{ConnectTimeout: timeout, Conn: parse(t, "postgres://u@"+silent[0]+","+silent[1]+"/x?sslmode=disable")}
		_, err := flight.Connect(t.Context(), &cfg)
		want := silent[1] + ": no answer in time (failed to receive message): context deadline exceeded"
		if err == nil || !strings.Contains(err.Error(), want) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("want %q in %v", want, err)
		}
	})
	t.Run("and_the_one_that_refuses_is_named", func(t *testing.T) {
		url := things(t).URL()
		good := parse(t, url)
		url = strings.Replace(strings.Replace(url, "@", "@127.0.0.1:1,", 1), good.Database, "nowhere", 1)
		_, err := flight.Connect(t.Context(), &flight.Config{Conn: parse(t, url)})
		want := net.JoinHostPort(good.Host, strconv.Itoa(int(good.Port))) + `: pgerr: database "nowhere" does not exist`
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q in %v", want, err)
		}
	})
}
