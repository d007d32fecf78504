package proxy

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func packet(typ byte, body string) string {
	n := len(body) + 4
	return string([]byte{typ, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}) + body
}

// cuts reads a stream that arrives in chunks of size.
func cuts(t *testing.T, stream string, size int) []string {
	t.Helper()
	var f frames
	var got []string
	for len(stream) > 0 {
		n := min(size, len(stream))
		data := f.add([]byte(stream[:n]))
		stream = stream[n:]
		for {
			m, after, ok, err := f.next(data)
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				break
			}
			data = after
			got = append(got, string(m.Type)+string(m.Body))
		}
		f.keep(data)
	}
	if len(f.rest) > 0 {
		got = append(got, "rest "+string(f.rest))
	}
	return got
}

func TestFrames(t *testing.T) {
	t.Parallel()
	t.Run("are_the_same_however_the_stream_is_cut", func(t *testing.T) {
		t.Parallel()
		want := []string{"Qselect 1\x00", "S", "B" + strings.Repeat("ü", 1000), "H"}
		stream := ""
		for _, m := range want {
			stream += packet(m[0], m[1:])
		}
		for size := range len(stream) {
			if diff := cmp.Diff(want, cuts(t, stream, size+1)); diff != "" {
				t.Fatalf("in chunks of %d (-want +got):\n%s", size+1, diff)
			}
		}
	})
	t.Run("refuse_what_is_not_the_protocol", func(t *testing.T) {
		t.Parallel()
		for _, tt := range []struct {
			name    string
			untyped bool
			stream  string
		}{
			{"a length below its own four bytes", false, "Q\x00\x00\x00\x03"},
			{"a negative length", false, "Q\xff\xff\xff\xff"},
			{"more than a gigabyte", false, "Q\x7f\xff\xff\xff"},
			{"TLS without asking", true, "\x16\x03\x01\x02\x00\x01"},
			{"HTTP", true, "GET / HTTP/1.1\r\n"},
		} {
			f := frames{untyped: tt.untyped}
			if _, _, ok, err := f.next(f.add([]byte(tt.stream))); ok || !errors.Is(err, errFraming) {
				t.Errorf("%s: ok %t, error %v", tt.name, ok, err)
			}
		}
	})
}

func FuzzFrames(f *testing.F) {
	f.Add(packet('Q', "select 1\x00")+packet('S', ""), 3, false)
	f.Add("\x00\x00\x00\x08\x04\xd2\x16\x2f", 5, true)
	f.Fuzz(func(t *testing.T, stream string, size int, untyped bool) {
		fr := frames{untyped: untyped}
		total := 0
		for rest := stream; len(rest) > 0; {
			n := min(max(1, size), len(rest))
			data := fr.add([]byte(rest[:n]))
			rest = rest[n:]
			for {
				m, after, ok, err := fr.next(data)
				if err != nil {
					return
				}
				if !ok {
					break
				}
				fr.untyped = false
				total += len(m.raw)
				_, _, _ = m.Tag(), m.SQLState(), startupCode(m.Body)
				data = after
			}
			fr.keep(data)
		}
		if total+len(fr.rest) != len(stream) {
			t.Errorf("%d bytes in messages and %d left of %d", total, len(fr.rest), len(stream))
		}
	})
}

func TestMessage(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		m     Message
		tag   string
		state string
	}{
		{"of_a_command's_end_has_its_tag", Message{Type: 'C', Body: []byte("COMMIT\x00")}, "COMMIT", ""},
		{"of_a_client's_Close_has_no_tag", Message{Frontend: true, Type: 'C', Body: []byte("Sname\x00")}, "", ""},
		{"of_an_error_has_its_code", Message{Type: 'E', Body: []byte("SERROR\x00VERROR\x00C23505\x00Mdup\x00\x00")}, "", "23505"},
		{"of_an_error_without_code_has_none", Message{Type: 'E', Body: []byte("SERROR\x00\x00")}, "", ""},
		{"that_is_cut_short_does_no_harm", Message{Type: 'E', Body: []byte("C")}, "", ""},
		{"that_is_empty_does_no_harm", Message{Type: 'C'}, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.m.Tag() != tt.tag || tt.m.SQLState() != tt.state {
				t.Errorf("tag %q, code %q; want %q, %q", tt.m.Tag(), tt.m.SQLState(), tt.tag, tt.state)
			}
		})
	}
}
