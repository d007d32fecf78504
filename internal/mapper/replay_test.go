package mapper_test

import (
	"context"
	"io"
	"net"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// replayConn is a socket whose server says the same each time it is asked, so
// that only the client's side of decoding is measured.
type replayConn struct {
	net.Conn // nil: nothing else is called
	greeting []byte
	answer   []byte
	left     []byte
	greeted  bool
}

func (c *replayConn) Write(p []byte) (int, error) {
	c.left = c.answer
	if !c.greeted {
		c.left, c.greeted = c.greeting, true
	}
	return len(p), nil
}

func (c *replayConn) Read(p []byte) (int, error) {
	if len(c.left) == 0 {
		return 0, io.EOF
	}
	n := copy(p, c.left)
	c.left = c.left[n:]
	return n, nil
}

func (c *replayConn) Close() error                     { return nil }
func (c *replayConn) SetDeadline(time.Time) error      { return nil }
func (c *replayConn) SetReadDeadline(time.Time) error  { return nil }
func (c *replayConn) SetWriteDeadline(time.Time) error { return nil }
func (c *replayConn) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (c *replayConn) RemoteAddr() net.Addr             { return &net.TCPAddr{} }

// replay connects to a server that answers each execution with n times this row.
func replay(b *testing.B, oids []uint32, row [][]byte, n int) *pgconn.PgConn {
	b.Helper()
	fields := make([]pgproto3.FieldDescription, len(oids))
	for i, oid := range oids {
		fields[i] = pgproto3.FieldDescription{Name: []byte("c"), DataTypeOID: oid, DataTypeSize: -1, TypeModifier: -1, Format: 1}
	}
	answer := []pgproto3.BackendMessage{&pgproto3.BindComplete{}, &pgproto3.RowDescription{Fields: fields}}
	for range n {
		answer = append(answer, &pgproto3.DataRow{Values: row})
	}
	answer = append(answer, &pgproto3.CommandComplete{CommandTag: []byte("SELECT 1000")}, &pgproto3.ReadyForQuery{TxStatus: 'I'})
	conn := &replayConn{
		answer: encodeMessages(b, answer...),
		greeting: encodeMessages(b, &pgproto3.AuthenticationOk{},
			&pgproto3.BackendKeyData{ProcessID: 1, SecretKey: []byte{0, 0, 0, 1}}, &pgproto3.ReadyForQuery{TxStatus: 'I'}),
	}
	cfg, err := pgconn.ParseConfig("host=127.0.0.1 user=u database=d sslmode=disable")
	if err != nil {
		b.Fatal(err)
	}
	cfg.DialFunc = func(context.Context, string, string) (net.Conn, error) { return conn, nil }
	cfg.Fallbacks = nil
	pc, err := pgconn.ConnectConfig(b.Context(), cfg)
	if err != nil {
		b.Fatal(err)
	}
	return pc
}

func encodeMessages(b *testing.B, messages ...pgproto3.BackendMessage) (buf []byte) {
	b.Helper()
	for _, m := range messages {
		var err error
		if buf, err = m.Encode(buf); err != nil {
			b.Fatal(err)
		}
	}
	return buf
}
