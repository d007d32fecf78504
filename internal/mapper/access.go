package mapper

import (
	"reflect"
	"unsafe"

	"github.com/jackc/pgx/v5/pgconn"
)

// ResultField is the server's description of one column of a result.
type ResultField = pgconn.FieldDescription

// GoType returns the Go type of a column's values: what the field points at
// when it is a pointer.
func (p *Plan) GoType(col int) reflect.Type { return p.columns[col].elem }

// Name returns the name of a column.
func (p *Plan) Name(col int) string { return p.columns[col].name }

// OIDs lists the types of a described result.
func OIDs(fields []ResultField) []uint32 {
	oids := make([]uint32, len(fields))
	for i := range fields {
		oids[i] = fields[i].DataTypeOID
	}
	return oids
}

// FieldPointer returns the address of a field of o, as a pointer to its type.
// The field must be one that [Fields] listed for the plan's type.
func (p *Plan) FieldPointer(o Object, f Field) any {
	return reflect.NewAt(f.Type, unsafe.Add(o.p, f.Offset)).Interface()
}
