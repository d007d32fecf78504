package mapper

import (
	"cmp"
	"encoding/binary"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"
)

// RowKey returns the identity of the values of several columns together: equal
// exactly when all of them are.
//
//   - Shape: for one column that of [Plan.Key]. Keys of different lists of columns
//     must not be compared.
func (p *Plan) RowKey(o Object, cols []int) Key {
	if len(cols) == 1 {
		return p.Key(o, cols[0])
	}
	var j keyJoiner
	for _, col := range cols {
		j.add(p.Key(o, col))
	}
	return j.key()
}

// RowKeyOf is RowKey of values, one for each column, each as [Plan.KeyOf] takes
// it.
//
//   - Errors: those of KeyOf, for the first value that is refused.
func (p *Plan) RowKeyOf(cols []int, values []any) (Key, error) {
	var j keyJoiner
	for i, col := range cols {
		k, err := p.KeyOf(col, values[i])
		if err != nil {
			return Key{}, err
		}
		j.add(k)
	}
	return j.key(), nil
}

// CompareRows orders two objects by several columns, the first one first; see
// [Plan.CompareKeys].
func (p *Plan) CompareRows(a, b Object, cols []int) int {
	for _, col := range cols {
		if order := p.CompareKeys(a, b, col); order != 0 {
			return order
		}
	}
	return 0
}

// keyJoiner makes one Key of several.
type keyJoiner struct {
	n     int
	keys  [2]Key // the first ones, as two integers need no memory
	bytes []byte // all, once there are more, or others
}

func (j *keyJoiner) add(k Key) {
	if j.n++; j.n <= len(j.keys) {
		j.keys[j.n-1] = k
		return
	}
	if j.n == len(j.keys)+1 {
		j.spill()
	}
	j.bytes = appendKey(j.bytes, k)
}

func (j *keyJoiner) spill() {
	j.bytes = make([]byte, 0, 64)
	for _, k := range j.keys[:min(j.n, len(j.keys))] {
		j.bytes = appendKey(j.bytes, k)
	}
}

// key joins two small ones without memory; that cannot be mistaken for the
// others, whose s is never empty.
func (j *keyJoiner) key() Key {
	if j.n == 1 {
		return j.keys[0]
	}
	if a, b := j.keys[0], j.keys[1]; j.n == 2 && cmp.Or(a.hi, b.hi) == 0 && a.s == "" && b.s == "" {
		return Key{hi: a.lo, lo: b.lo}
	}
	if j.n <= len(j.keys) {
		j.spill()
	}
	return Key{s: string(j.bytes)}
}

func appendKey(buf []byte, k Key) []byte {
	buf = binary.AppendUvarint(buf, k.hi)
	buf = binary.AppendUvarint(buf, k.lo)
	buf = binary.AppendUvarint(buf, uint64(len(k.s)))
	return append(buf, k.s...)
}

// InParts reports a column whose values unnest would take apart: many of them
// travel as a text[] of their literals; see [Plan.AppendColumn].
func (p *Plan) InParts(col int) bool { return p.columns[col].pg.parts }

// TypeName is the name of the column's type without length and precision.
func (p *Plan) TypeName(col int) string {
	pg := &p.columns[col].pg
	if strings.HasPrefix(pg.name, "char") && (pg.oid == pgtype.BPCharOID || pg.oid == pgtype.BPCharArrayOID) {
		return "bpchar" + pg.name[strings.IndexByte(pg.name+"[", '['):] // char alone is char(1)
	}
	return pg.name
}
