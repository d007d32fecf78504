package guidetest_test

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

type Mood string

const (
	Glad Mood = "glad"
	Sad  Mood = "sad"
)

type (
	ISBN  string
	Stars int32
	Place struct {
		Street string
		Zip    *string
	}
)

type Edition struct {
	retort.BigintKey
	ISBN    ISBN
	Stars   []Stars
	Mood    Mood
	Printed Place
	Weight  pgtype.Range[float64]
}

func (Edition) Define(d *retort.Definition[Edition]) { d.Column(&d.C.Weight).Type("floatspan") }

var Editions = retort.NewTable[Edition]("editions")

var Shelf = retort.NewBase(
	Editions,
	retort.NewEnum("mood", Glad, Sad).InNamespace("app"),
	retort.NewDomain("isbn", "text").For(ISBN("")).Create("CREATE DOMAIN isbn AS text CHECK (length(VALUE) = 13)"),
	retort.NewDomain("stars", "integer").For(Stars(0)).Create("CREATE DOMAIN stars AS integer"),
	retort.NewComposite[Place]("place", nil).Create("CREATE TYPE place AS (street text, zip text)"),
	retort.NewRange("floatspan", "double precision").Create("CREATE TYPE floatspan AS RANGE (SUBTYPE = double precision, MULTIRANGE_TYPE_NAME = floatspans)"),
	retort.NewMultirange("floatspans", "floatspan"),
)

func TestTypes_of_your_own(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, Shelf)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	e := &Edition{
		ISBN: "9780141439587", Stars: []Stars{4, 5}, Mood: Glad, Printed: Place{"Strand", new("WC2R")},
		Weight: pgtype.Range[float64]{Lower: 0.5, Upper: 1.5, LowerType: pgtype.Inclusive, UpperType: pgtype.Exclusive, Valid: true},
	}
	s.Add(e)
	must(t, s.Commit(ctx))
	again, err := Editions.Where(retort.Eq(&Editions.C.ISBN, e.ISBN), retort.Eq(&Editions.C.Mood, Glad)).One(ctx, k.Engine.Session())
	must(t, err)
	if diff := cmp.Diff(e, again); diff != "" {
		t.Error(diff)
	}
}

type Vector []float32

type Passage struct {
	retort.BigintKey
	Embedding Vector
}

var vector = retort.NewCodec("vector", retort.Codec[Vector]{
	Append: func(buf []byte, v Vector) ([]byte, error) {
		buf = binary.BigEndian.AppendUint16(buf, uint16(len(v)))
		buf = binary.BigEndian.AppendUint16(buf, 0)
		for _, f := range v {
			buf = binary.BigEndian.AppendUint32(buf, math.Float32bits(f))
		}
		return buf, nil
	},
	Decode: func(src []byte, dst *Vector) error {
		if len(src) < 4 || len(src) != 4+4*int(binary.BigEndian.Uint16(src)) {
			return errors.New("not a vector")
		}
		*dst = make(Vector, 0, len(src)/4-1)
		for at := 4; at < len(src); at += 4 {
			*dst = append(*dst, math.Float32frombits(binary.BigEndian.Uint32(src[at:])))
		}
		return nil
	},
}).Create("CREATE EXTENSION vector")

var Passages = retort.NewTable[Passage]("passages")

// plainVector makes a type of pgvector's name: bytea under another name, so that the
// server gives back what it was given.
const plainVector = `
	CREATE TYPE vector;
	CREATE FUNCTION vector_in(cstring) RETURNS vector LANGUAGE internal IMMUTABLE STRICT AS 'byteain';
	CREATE FUNCTION vector_out(vector) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'byteaout';
	CREATE FUNCTION vector_recv(internal) RETURNS vector LANGUAGE internal IMMUTABLE STRICT AS 'bytearecv';
	CREATE FUNCTION vector_send(vector) RETURNS bytea LANGUAGE internal IMMUTABLE STRICT AS 'byteasend';
	CREATE TYPE vector (INPUT = vector_in, OUTPUT = vector_out, RECEIVE = vector_recv, SEND = vector_send, STORAGE = extended)`

func TestTypes_of_an_extension(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, retort.NewBase(Jobs))
	ctx := t.Context()
	for statement := range strings.SplitSeq(plainVector, ";") {
		k.Exec(t, statement)
	}
	base := retort.NewBase(Passages, vector)
	cfg := retort.Config{Base: base, URL: k.URL()}

	cfg.AfterConnect = func(ctx context.Context, conn *pgconn.PgConn) error {
		return conn.Exec(ctx, "SET search_path TO app, public").Close()
	}

	eng, err := retort.Open(cfg)
	must(t, err)
	defer func() { must(t, eng.Close(context.WithoutCancel(ctx))) }()
	must(t, base.CreateAll(ctx, eng))
	s := eng.Session()
	defer s.Close(ctx)
	p := &Passage{Embedding: Vector{1, -0.5, 3}}
	s.Add(p)
	must(t, s.Commit(ctx))
	again, err := Passages.Query().One(ctx, eng.Session())
	must(t, err)
	if diff := cmp.Diff(p, again); diff != "" {
		t.Error(diff)
	}
	if path, err := retort.SQL[string]("SHOW search_path").ReadOnly().One(ctx, s); err != nil || path != "app, public" {
		t.Errorf("%q, %v", path, err)
	}
}
