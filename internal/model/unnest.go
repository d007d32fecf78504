package model

// Unnest says how the values of a column of many rows travel as one array, made
// by [mapper.Plan.AppendColumn], and come out of unnest again.
//
//   - Shape: oid is the type of the parameter. array is to be written behind the
//     placeholder and item behind the unnested value, both often empty. Types that
//     only the server knows are cast by name, arrays and composites come as the
//     text of each, since unnest would take them apart.
func (t *Table) Unnest(col int) (oid uint32, array, item string) {
	oid = t.Plan.ArrayOID(col)
	switch {
	case t.Plan.InParts(col):
		return oid, "", "::" + t.castName(col)
	case oid == 0:
		return oid, "::" + t.castName(col) + "[]", ""
	default:
		return oid, "", ""
	}
}

// castName is the column's type for a cast: without its length, since a cast to
// varchar(3) cuts where an assignment is an error.
func (t *Table) castName(col int) string {
	if t.Plan.Column(col).Enum {
		return t.Plan.SQLType(col) // in quotes, and with its namespace
	}
	return t.Plan.TypeName(col)
}
