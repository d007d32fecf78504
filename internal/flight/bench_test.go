package flight_test

import (
	"encoding/binary"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort/internal/flight"
)

func int4(n int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }

// BenchmarkInsertCommit writes one row in a transaction of its own.
func BenchmarkInsertCommit(b *testing.B) {
	const sql = "INSERT INTO things (id, name) VALUES ($1, $2)"
	b.Run("flight", func(b *testing.B) {
		c := connect(b, things(b).URL())
		s := []flight.Statement{{SQL: sql, OIDs: []uint32{23, 25}, Args: [][]byte{nil, []byte("name")}}}
		f := flight.Flight{Begin: "BEGIN", Statements: s, End: flight.Commit}
		id := make([]byte, 4)
		s[0].Args[0] = id
		n := uint32(0)
		b.ReportAllocs()
		for b.Loop() {
			n++
			binary.BigEndian.PutUint32(id, n)
			if err := c.Fly(b.Context(), &f); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("pgx", func(b *testing.B) {
		conn := things(b).Conn(b)
		n := 0
		b.ReportAllocs()
		for b.Loop() {
			n++
			tx, err := conn.Begin(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			if _, err := tx.Exec(b.Context(), sql, n, "name"); err != nil {
				b.Fatal(err)
			}
			if err := tx.Commit(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("pgx_batch", func(b *testing.B) {
		conn := things(b).Conn(b)
		n := 0
		b.ReportAllocs()
		for b.Loop() {
			n++
			var batch pgx.Batch
			batch.Queue("BEGIN")
			batch.Queue(sql, n, "name")
			batch.Queue("COMMIT")
			if err := conn.SendBatch(b.Context(), &batch).Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkSelect reads one row by its key.
func BenchmarkSelect(b *testing.B) {
	const sql = "SELECT id, name FROM things WHERE id = $1"
	b.Run("flight", func(b *testing.B) {
		c := connect(b, things(b).URL())
		fly(b, c, write("1"))
		rows := 0
		row := func(_ []pgconn.FieldDescription, values [][]byte) error { rows += len(values); return nil }
		f := flight.Flight{Statements: []flight.Statement{{SQL: sql, OIDs: []uint32{23}, Args: [][]byte{int4(1)}, Row: row}}}
		b.ReportAllocs()
		for b.Loop() {
			if err := c.Fly(b.Context(), &f); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("pgx", func(b *testing.B) {
		db := things(b)
		db.Exec(b, "INSERT INTO things VALUES (1, 'n')")
		conn := db.Conn(b)
		b.ReportAllocs()
		for b.Loop() {
			var id int
			var name string
			if err := conn.QueryRow(b.Context(), sql, 1).Scan(&id, &name); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkBigFlight inserts 100 rows by 100 statements and commits.
func BenchmarkBigFlight(b *testing.B) {
	c := connect(b, things(b).URL())
	f := flight.Flight{Begin: "BEGIN", End: flight.Rollback, Statements: make([]flight.Statement, 100)}
	for i := range f.Statements {
		f.Statements[i] = flight.Statement{SQL: insertThing, OIDs: []uint32{23, 25}, Args: [][]byte{int4(i), []byte("name")}}
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := c.Fly(b.Context(), &f); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAlive(b *testing.B) {
	c := connect(b, things(b).URL())
	b.ReportAllocs()
	for b.Loop() {
		if !c.Alive() {
			b.Fatal("dead")
		}
	}
}
