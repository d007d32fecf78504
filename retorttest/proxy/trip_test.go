package proxy

import (
	"net"
	"testing"
	"time"
)

// The client's next bytes may lie unread in the socket when ReadyForQuery is
// handed over: they were sent without waiting for it.
func TestTrip(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		rest   string // read, but not a whole message yet
		unread string // in the socket
		open   bool
	}{
		{"ends_when_the_client_has_sent_nothing_more", "", "", false},
		{"goes_on_when_bytes_lie_unread_in_the_socket", "", "S\x00\x00\x00\x04", true},
		{"goes_on_when_half_a_message_was_read", "S\x00", "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client, l := pair(t)
			l.trip = trip{ready: true}
			l.mu.Lock()
			_, _, err := l.take([]byte("S\x00\x00\x00\x04" + tt.rest))
			l.mu.Unlock()
			if err != nil {
				t.Fatal(err)
			}
			if tt.unread != "" {
				if _, err := client.Write([]byte(tt.unread)); err != nil {
					t.Fatal(err)
				}
				for begin := time.Now(); !unread(l.raw) && time.Since(begin) < 5*time.Second; {
					time.Sleep(time.Millisecond)
				}
			}
			z := Message{Type: 'Z', raw: []byte("Z\x00\x00\x00\x05I")}
			l.delivering([]Message{z})
			if l.trip.open != tt.open {
				t.Errorf("the trip is open: %t, want %t", l.trip.open, tt.open)
			}
			if n := l.p.RoundTrips(); n != 1 {
				t.Errorf("%d round trips, want 1", n)
			}
		})
	}
	t.Run("does_not_end_at_a_ReadyForQuery_that_was_cut_off", func(t *testing.T) {
		t.Parallel()
		_, l := pair(t)
		l.trip = trip{ready: true, open: true, outstanding: 1}
		l.p.CutBefore(Backend('Z'))
		_, passed, cut := l.judged([]Message{{Type: 'Z', raw: []byte("Z\x00\x00\x00\x05I")}})
		l.delivering(passed)
		if !cut || !l.trip.open {
			t.Error("it ended")
		}
	})
}

// pair is a link that nothing runs, and the client's end of its connection.
func pair(t *testing.T) (net.Conn, *link) {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	client, err := net.Dial("tcp4", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); conn.Close() })
	p := &Proxy{tb: t, tally: newTally(), links: make(map[*link]struct{})}
	l, err := p.newLink(conn.(*net.TCPConn), conn)
	if err != nil {
		t.Fatal(err)
	}
	l.fromClient.untyped = false
	return client, l
}
