package flight_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/retort-go/retort/internal/flight"
)

// FuzzServer is a server that greets like PostgreSQL and then says what it likes.
// Whatever that is: no panic, no endless wait, an answer of the right kind, and no
// COMMIT is believed that nobody confirmed.
func FuzzServer(f *testing.F) {
	good := func(msgs ...pgproto3.BackendMessage) []byte {
		var out []byte
		for _, m := range msgs {
			out, _ = m.Encode(out)
		}
		return out
	}
	begin := []pgproto3.BackendMessage{
		&pgproto3.ParseComplete{}, &pgproto3.ParameterDescription{}, &pgproto3.NoData{}, &pgproto3.BindComplete{}, &pgproto3.CommandComplete{CommandTag: []byte("BEGIN")},
	}
	row := []pgproto3.BackendMessage{
		&pgproto3.ParseComplete{}, &pgproto3.ParameterDescription{}, &pgproto3.RowDescription{Fields: []pgproto3.FieldDescription{{Name: []byte("n"), DataTypeOID: 23, Format: 1}}},
		&pgproto3.BindComplete{}, &pgproto3.DataRow{Values: [][]byte{{0, 0, 0, 1}}}, &pgproto3.CommandComplete{CommandTag: []byte("SELECT 1")}, &pgproto3.ReadyForQuery{TxStatus: 'T'},
	}
	commit := []pgproto3.BackendMessage{
		&pgproto3.ParseComplete{}, &pgproto3.ParameterDescription{}, &pgproto3.NoData{}, &pgproto3.BindComplete{}, &pgproto3.CommandComplete{CommandTag: []byte("COMMIT")}, &pgproto3.ReadyForQuery{TxStatus: 'I'},
	}
	whole := append(append(good(begin...), good(row...)...), good(commit...)...)
	f.Add(whole, false)
	for cut := 0; cut < len(whole); cut += 7 {
		f.Add(whole[:cut], false)
	}
	f.Add(good(&pgproto3.ErrorResponse{Severity: "FATAL", Code: "57P01", Message: "bye"}), false)
	f.Add(good(&pgproto3.NoticeResponse{Code: "01000"}, &pgproto3.ReadyForQuery{TxStatus: 'E'}), false)
	f.Add(append(good(begin...), 'D', 0x3f, 0xff, 0xff, 0xf0), false)                // a gigabyte is announced
	f.Add(append(good(begin...), 'D', 0xff, 0xff, 0xff, 0xff), false)                // a negative length
	f.Add([]byte{5, 3, 0, 1, 2, 9, 9, 7, 1, 0, 4, 200}, true)                        // well framed, badly filled
	f.Add(bytes.Repeat([]byte{3, 6, 0, 1, 0xff, 0xff, 0xff, 0xff, 2, 0}, 200), true) // rows of -1
	f.Add(append(good(begin...), good(&pgproto3.CopyInResponse{}, &pgproto3.AuthenticationOk{})...), false)
	f.Fuzz(func(t *testing.T, script []byte, framed bool) {
		if framed {
			script = frame(script)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		conn, done := hostile(ctx, t, script)
		defer done()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := conn.Fly(ctx, &flight.Flight{
			Begin: "BEGIN", End: flight.Commit,
			Statements: []flight.Statement{{SQL: "SELECT 1::int4 AS n", Row: func(fields []pgconn.FieldDescription, values [][]byte) error {
				if len(fields) != len(values) {
					t.Errorf("%d values for %d columns", len(values), len(fields))
				}
				return nil
			}}},
		})
		runtime.ReadMemStats(&after)
		if ctx.Err() != nil {
			t.Fatal("it waited for ever")
		}
		var failed *flight.Error
		switch {
		case err != nil && !errors.As(err, &failed):
			t.Errorf("an error of another kind: %T %v", err, err)
		case err == nil && !bytes.Contains(script, []byte("COMMIT\x00")):
			t.Error("it believes a COMMIT that nobody confirmed")
		}
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 32<<20 {
			t.Errorf("%d bytes of script cost %d MiB", len(script), grown>>20)
		}
	})
}

// frame makes well-formed messages of bytes: a type, a length, a body.
func frame(data []byte) []byte {
	const types = "123CDEIKNRSTVWZnst"
	var out []byte
	for len(data) >= 2 {
		typ, size := types[int(data[0])%len(types)], int(data[1])
		data = data[2:]
		size = min(size, len(data))
		out = append(out, typ)
		out = binary.BigEndian.AppendUint32(out, uint32(size+4))
		out = append(out, data[:size]...)
		data = data[size:]
	}
	return out
}

// hostile connects to a server that follows the script, whatever it is asked.
func hostile(ctx context.Context, t *testing.T, script []byte) (*flight.Conn, func()) {
	t.Helper()
	var dialer net.ListenConfig
	ln, err := dialer.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c, err := ln.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		b := pgproto3.NewBackend(c, c)
		if _, err := b.ReceiveStartupMessage(); err != nil {
			return
		}
		b.Send(&pgproto3.AuthenticationOk{})
		b.Send(&pgproto3.BackendKeyData{ProcessID: 1, SecretKey: []byte{1, 2, 3, 4}})
		b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
		if b.Flush() != nil {
			return
		}
		if _, err := b.Receive(); err != nil {
			return
		}
		if _, err := c.Write(script); err != nil {
			return
		}
		if w, ok := c.(*net.TCPConn); ok {
			_ = w.CloseWrite()
		}
		_, _ = io.Copy(io.Discard, c)
	}()
	cfg, err := pgconn.ParseConfig("postgres://user@" + ln.Addr().String() + "/db?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	cfg.MaxProtocolMessageBodyLen = 1 << 20
	conn, err := flight.Connect(ctx, &flight.Config{Conn: cfg, CommitTimeout: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return conn, func() {
		gone, cancel := context.WithCancel(context.Background())
		cancel()
		_ = conn.Close(gone)
		_ = ln.Close()
		<-ended
	}
}
