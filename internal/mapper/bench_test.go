package mapper_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/retort-go/retort/internal/mapper"
)

const benchRows = 1000

// BenchmarkDecode reads 1000 rows of ten columns from a replayed socket: what
// the plan is measured by is its ratio to pgxscan.
func BenchmarkDecode(b *testing.B) {
	p := rowPlan(b)
	row := encodeAll(b, p, sampleRow())
	binary := []int16{1}
	perRow := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchRows, "ns/row")
	}
	b.Run("wire", func(b *testing.B) {
		pc := replay(b, rowOIDs, row, benchRows)
		b.ReportAllocs()
		for b.Loop() {
			rr := pc.ExecPrepared(b.Context(), "s", nil, nil, binary)
			for rr.NextRow() {
				_ = rr.Values()
			}
			if _, err := rr.Close(); err != nil {
				b.Fatal(err)
			}
		}
		perRow(b)
	})
	b.Run("plan", func(b *testing.B) {
		pc := replay(b, rowOIDs, row, benchRows)
		d, err := p.Decoder(allColumns(p), rowOIDs)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			rows := make([]*Row, 0, benchRows)
			batch := p.NewBatch(0)
			rr := pc.ExecPrepared(b.Context(), "s", nil, nil, binary)
			for rr.NextRow() {
				o, err := d.DecodeNew(batch, rr.Values())
				if err != nil {
					b.Fatal(err)
				}
				rows = append(rows, p.Any(o).(*Row))
			}
			if _, err := rr.Close(); err != nil || len(rows) != benchRows {
				b.Fatal(len(rows), err)
			}
		}
		perRow(b)
	})
	b.Run("plan-single", func(b *testing.B) {
		pc := replay(b, rowOIDs, row, benchRows)
		d, _ := p.Decoder(allColumns(p), rowOIDs)
		b.ReportAllocs()
		for b.Loop() {
			rows := make([]*Row, 0, benchRows)
			rr := pc.ExecPrepared(b.Context(), "s", nil, nil, binary)
			for rr.NextRow() {
				o := p.New()
				if err := d.Decode(o, rr.Values()); err != nil {
					b.Fatal(err)
				}
				rows = append(rows, p.Any(o).(*Row))
			}
			if _, err := rr.Close(); err != nil || len(rows) != benchRows {
				b.Fatal(len(rows), err)
			}
		}
		perRow(b)
	})
	b.Run("pgxscan", func(b *testing.B) {
		pc := replay(b, rowOIDs, row, benchRows)
		types := pgtype.NewMap()
		b.ReportAllocs()
		for b.Loop() {
			out := make([]*Row, 0, benchRows)
			rows := pgx.RowsFromResultReader(types, pc.ExecPrepared(b.Context(), "s", nil, nil, binary))
			for rows.Next() {
				r := new(Row)
				if err := rows.Scan((*[16]byte)(&r.ID), &r.Name, &r.Views, &r.Rank, &r.Open, &r.Note, &r.Meta, &r.Created, &r.Due, &r.Score); err != nil {
					b.Fatal(err)
				}
				out = append(out, r)
			}
			if rows.Err() != nil || len(out) != benchRows {
				b.Fatal(len(out), rows.Err())
			}
		}
		perRow(b)
	})
}

func BenchmarkEncode(b *testing.B) {
	p, r := rowPlan(b), sampleRow()
	o := object(b, p, r)
	var args mapper.Args
	b.ReportAllocs()
	for b.Loop() {
		args.Reset()
		for col := range p.Len() {
			if err := p.Append(&args, o, col); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// Wide has the 15 columns of the comparison benchmark.
type Wide struct {
	ID                         UUID
	Org                        UUID
	A, B, C                    int64
	D, E                       int32
	F                          bool
	Name, Email, Status, Token string
	Note                       *string
	Score                      float64
	Created                    string
}

func BenchmarkSnapshot(b *testing.B) {
	note := "n"
	p, w := planOf[Wide](b, nil), &Wide{Name: "n", Email: "e@example.org", Status: "open", Token: "t", Note: &note}
	o := object(b, p, w)
	b.ReportAllocs()
	for b.Loop() {
		p.Snapshot(o)
	}
}

func BenchmarkChanged(b *testing.B) {
	note := "n"
	p, w := planOf[Wide](b, nil), &Wide{Name: "n", Email: "e@example.org", Status: "open", Token: "t", Note: &note}
	o := object(b, p, w)
	s := p.Snapshot(o)
	var dst []int
	b.Run("clean", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			dst, _ = p.Changed(o, s, dst[:0])
		}
		if len(dst) != 0 {
			b.Fatal(dst)
		}
	})
	w.Status = "done"
	b.Run("one", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			dst, _ = p.Changed(o, s, dst[:0])
		}
		if len(dst) != 1 {
			b.Fatal(dst)
		}
	})
}

func BenchmarkFind(b *testing.B) {
	fields := fieldsOf[Wide](b)
	s := mapper.NewStandIn(typeOf[Wide](), fields)
	w := s.Any().(*Wide)
	b.Run("field", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if i, ok := s.Find(&w.Status); !ok || fields[i].Name != "Status" {
				b.Fatal(i, ok)
			}
		}
	})
	b.Run("nullable", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if i, ok := s.Find(w.Note); !ok || fields[i].Name != "Note" {
				b.Fatal(i, ok)
			}
		}
	})
	b.Run("other", func(b *testing.B) {
		b.ReportAllocs()
		other := new(Wide)
		for b.Loop() {
			if _, ok := s.Find(&other.Status); ok {
				b.Fatal("found")
			}
		}
	})
}
