package sqldriver

import (
	"bytes"
	"database/sql/driver"
	"fmt"
	"io"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// formats asks for the types that have a value of their own in database/sql in
// binary; all others come as text, and leave as strings.
func formats() pgx.QueryResultFormatsByOID {
	f := make(pgx.QueryResultFormatsByOID, 16)
	for _, oid := range []uint32{
		pgtype.BoolOID, pgtype.ByteaOID, pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID, pgtype.OIDOID,
		pgtype.XIDOID, pgtype.CIDOID, pgtype.Float4OID, pgtype.Float8OID,
		pgtype.DateOID, pgtype.TimestampOID, pgtype.TimestamptzOID,
	} {
		f[oid] = pgtype.BinaryFormatCode
	}
	return f
}

// rows are pgx's rows in database/sql's types. What they are told of types is
// kept, since pgx forgets it at the end.
type rows struct {
	rows   pgx.Rows
	types  *pgtype.Map
	fields []pgconn.FieldDescription

	ahead bool // Next was called once already …
	more  bool // … and said so
}

var (
	_ driver.RowsColumnTypeDatabaseTypeName = (*rows)(nil)
	_ driver.RowsColumnTypeLength           = (*rows)(nil)
	_ driver.RowsColumnTypePrecisionScale   = (*rows)(nil)
	_ driver.RowsColumnTypeScanType         = (*rows)(nil)
)

func (r *rows) Columns() []string {
	names := make([]string, len(r.fields))
	for i, f := range r.fields {
		names[i] = f.Name
	}
	return names
}

func (r *rows) Close() error {
	r.rows.Close()
	return r.rows.Err()
}

func (r *rows) Next(dest []driver.Value) error {
	more := r.more
	if !r.ahead {
		more = r.rows.Next()
	}
	r.ahead = false
	if !more {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return io.EOF
	}
	raw := r.rows.RawValues()
	if len(raw) != len(dest) { // closed in between
		if err := r.rows.Err(); err != nil {
			return err
		}
		return io.ErrUnexpectedEOF
	}
	for i, src := range raw {
		v, err := r.value(&r.fields[i], src)
		if err != nil {
			return fmt.Errorf("retort: column %q: %w", r.fields[i].Name, err)
		}
		dest[i] = v
	}
	return nil
}

func (r *rows) value(f *pgconn.FieldDescription, src []byte) (driver.Value, error) {
	switch {
	case src == nil:
		return nil, nil
	case f.Format == pgtype.BinaryFormatCode:
		t, ok := r.types.TypeForOID(f.DataTypeOID)
		if !ok {
			return nil, fmt.Errorf("binary value of the unknown type %d", f.DataTypeOID)
		}
		return t.Codec.DecodeDatabaseSQLValue(r.types, f.DataTypeOID, f.Format, src)
	case f.DataTypeOID == pgtype.JSONOID, f.DataTypeOID == pgtype.JSONBOID, f.DataTypeOID == pgtype.XMLOID:
		return bytes.Clone(src), nil
	default:
		if _, known := formats()[f.DataTypeOID]; known {
			t, _ := r.types.TypeForOID(f.DataTypeOID)
			return t.Codec.DecodeDatabaseSQLValue(r.types, f.DataTypeOID, f.Format, src)
		}
		return string(src), nil
	}
}

func (r *rows) ColumnTypeDatabaseTypeName(i int) string {
	if t, ok := r.types.TypeForOID(r.fields[i].DataTypeOID); ok {
		return strings.ToUpper(t.Name)
	}
	return strconv.FormatUint(uint64(r.fields[i].DataTypeOID), 10)
}

// scaleBits is how many bits of a numeric's modifier are the scale, sign included.
const scaleBits = 11

// modifierBase is what PostgreSQL adds to the length in a type's modifier.
const modifierBase = 4

func (r *rows) ColumnTypeLength(i int) (int64, bool) {
	f := r.fields[i]
	switch f.DataTypeOID {
	case pgtype.TextOID, pgtype.ByteaOID:
		return math.MaxInt64, true
	case pgtype.VarcharOID, pgtype.BPCharOID:
		if f.TypeModifier < modifierBase {
			return math.MaxInt64, true
		}
		return int64(f.TypeModifier) - modifierBase, true
	default:
		return 0, false
	}
}

func (r *rows) ColumnTypePrecisionScale(i int) (precision, scale int64, ok bool) {
	f := r.fields[i]
	if f.DataTypeOID != pgtype.NumericOID || f.TypeModifier < modifierBase {
		return 0, 0, false
	}
	m := int64(f.TypeModifier) - modifierBase
	return m >> 16 & 0xffff, m << (64 - scaleBits) >> (64 - scaleBits), true
}

func (r *rows) ColumnTypeScanType(i int) reflect.Type {
	switch r.fields[i].DataTypeOID {
	case pgtype.BoolOID:
		return reflect.TypeFor[bool]()
	case pgtype.Int2OID:
		return reflect.TypeFor[int16]()
	case pgtype.Int4OID:
		return reflect.TypeFor[int32]()
	case pgtype.Int8OID, pgtype.OIDOID, pgtype.XIDOID, pgtype.CIDOID:
		return reflect.TypeFor[int64]()
	case pgtype.Float4OID:
		return reflect.TypeFor[float32]()
	case pgtype.Float8OID:
		return reflect.TypeFor[float64]()
	case pgtype.DateOID, pgtype.TimestampOID, pgtype.TimestamptzOID:
		return reflect.TypeFor[time.Time]()
	case pgtype.ByteaOID, pgtype.JSONOID, pgtype.JSONBOID, pgtype.XMLOID:
		return reflect.TypeFor[[]byte]()
	default:
		return reflect.TypeFor[string]()
	}
}
