package mapper_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"

	"github.com/retort-go/retort/internal/mapper"
)

// Vector is pgvector's type.
type Vector []float32

func appendVector(buf []byte, v Vector) ([]byte, error) {
	buf = binary.BigEndian.AppendUint16(buf, uint16(len(v)))
	buf = binary.BigEndian.AppendUint16(buf, 0)
	for _, f := range v {
		buf = binary.BigEndian.AppendUint32(buf, math.Float32bits(f))
	}
	return buf, nil
}

func decodeVector(src []byte, dst *Vector) error {
	if len(src) < 4 || len(src) != 4+4*int(binary.BigEndian.Uint16(src)) {
		return errors.New("not a vector")
	}
	*dst = make(Vector, 0, len(src)/4-1)
	for at := 4; at < len(src); at += 4 {
		*dst = append(*dst, math.Float32frombits(binary.BigEndian.Uint32(src[at:])))
	}
	return nil
}

func appendVectorText(buf []byte, v Vector) ([]byte, error) {
	buf = append(buf, '[')
	for i, f := range v {
		if i > 0 {
			buf = append(buf, ',')
		}
		buf = strconv.AppendFloat(buf, float64(f), 'g', -1, 32)
	}
	return append(buf, ']'), nil
}

// A type of an extension is registered once and is then a column as any other.
func ExampleNewTypes() {
	types, err := mapper.NewTypes(
		mapper.NewCodec("vector", appendVector, decodeVector, appendVectorText),
		mapper.Enum{Name: "language"},
		mapper.Domain{Name: "isbn", Of: "text"},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	type Page struct {
		ISBN      string
		Embedding Vector
		Parts     []Vector
	}
	t := reflect.TypeFor[Page]()
	fields, _ := mapper.Fields(t)
	columns := []mapper.Column{
		{Field: fields[0], Name: "isbn", PGType: "isbn"},
		{Field: fields[1], Name: "embedding", PGType: "vector(2)"},
		{Field: fields[2], Name: "parts"},
	}
	plan, err := types.Compile(t, columns)
	if err != nil {
		fmt.Println(err)
		return
	}
	page, _ := plan.ObjectOf(&Page{"978", Vector{1, 2.5}, []Vector{{0, 1}}})
	var args mapper.Args
	for col := range plan.Len() {
		err := plan.Append(&args, page, col)
		fmt.Printf("%s %s %q %v\n", plan.Name(col), plan.Column(col).PGType, args.Values[col], err)
	}
	const oid = 16789 // vector in this database
	decoder, err := plan.DecoderOf([]int{1}, []uint32{oid}, mapper.TypeNames{oid: "vector"})
	if err != nil {
		fmt.Println(err)
		return
	}
	back := plan.New()
	fmt.Println(decoder.Decode(back, args.Values[1:2]), plan.Any(back).(*Page).Embedding)
	// Output:
	// isbn isbn "978" <nil>
	// embedding vector(2) "\x00\x02\x00\x00?\x80\x00\x00@ \x00\x00" <nil>
	// parts vector[] "{\"[0,1]\"}" <nil>
	// <nil> [1 2.5]
}
