package mapper

import (
	"strings"

	"github.com/jackc/pgx/v5/pgtype"
)

// wire is the binary form of a value on the connection.
type wire uint8

const (
	wireNone wire = iota
	wireInt2
	wireInt4
	wireInt8
	wireFloat4
	wireFloat8
	wireBool
	wireText // also varchar, char(n), citext, name, xml, enums: the bytes of the text
	wireBytea
	wireTimestamptz
	wireTimestamp
	wireDate
	wireUUID
	wireJSON
	wireJSONB
	wireTextArray // arrays whose elements are wireText
	wireArray     // all other arrays
	wireNumeric
	wireInterval
	wireTime
	wireInet
	wireCIDR
	wireMacaddr
	wireRange
	wireMultirange
	wireHstore
	wireOther // only pgtype knows its form
	wireUser  // a registered codec or composite knows its form
)

// pgType is one PostgreSQL type that a column can have.
type pgType struct {
	wire     wire
	oid      uint32 // 0: only the server knows it (enums, types of extensions)
	arrayOID uint32
	name     string
	sql      string    // the name in quotes, where name is for people
	enum     *enumType // of an enum
	item     *pgType   // element of an array, bound of a range, range of a multirange
	user     *userType
	domain   bool // named so, but values are those of its base type
	parts    bool // unnest takes its values apart: many of them travel as literals, a text[]
}

func (pg *pgType) isArray() bool { return pg.wire == wireArray || pg.wire == wireTextArray }

// delimiter stands between the elements in an array literal.
func (pg *pgType) delimiter() byte {
	if pg.oid == pgtype.BoxOID {
		return ';'
	}
	return ','
}

// builtin is a line of the catalog pg_type, which is the same in every server.
type builtin struct {
	wire          wire
	oid, arrayOID uint32
	of            uint32 // bound of a range, range of a multirange
	name          string
	alias         string // another name in SQL
}

// builtins are all types with an OID of their own; it is never written to.
var builtins = [...]builtin{
	{wireInt2, pgtype.Int2OID, pgtype.Int2ArrayOID, 0, "smallint", "int2"},
	{wireInt4, pgtype.Int4OID, pgtype.Int4ArrayOID, 0, "integer", "int4"},
	{wireInt4, pgtype.Int4OID, pgtype.Int4ArrayOID, 0, "integer", "int"},
	{wireInt8, pgtype.Int8OID, pgtype.Int8ArrayOID, 0, "bigint", "int8"},
	{wireFloat4, pgtype.Float4OID, pgtype.Float4ArrayOID, 0, "real", "float4"},
	{wireFloat8, pgtype.Float8OID, pgtype.Float8ArrayOID, 0, "double precision", "float8"},
	{wireBool, pgtype.BoolOID, pgtype.BoolArrayOID, 0, "boolean", "bool"},
	{wireText, pgtype.TextOID, pgtype.TextArrayOID, 0, "text", ""},
	{wireText, pgtype.VarcharOID, pgtype.VarcharArrayOID, 0, "varchar", "character varying"},
	{wireText, pgtype.BPCharOID, pgtype.BPCharArrayOID, 0, "char", "character"},
	{wireText, pgtype.BPCharOID, pgtype.BPCharArrayOID, 0, "char", "bpchar"},
	{wireText, pgtype.NameOID, pgtype.NameArrayOID, 0, "name", ""},
	{wireText, pgtype.QCharOID, pgtype.QCharArrayOID, 0, `"char"`, ""},
	{wireText, pgtype.XMLOID, pgtype.XMLArrayOID, 0, "xml", ""},
	{wireBytea, pgtype.ByteaOID, pgtype.ByteaArrayOID, 0, "bytea", ""},
	{wireUUID, pgtype.UUIDOID, pgtype.UUIDArrayOID, 0, "uuid", ""},
	{wireTimestamptz, pgtype.TimestamptzOID, pgtype.TimestamptzArrayOID, 0, "timestamptz", "timestamp with time zone"},
	{wireTimestamp, pgtype.TimestampOID, pgtype.TimestampArrayOID, 0, "timestamp", "timestamp without time zone"},
	{wireDate, pgtype.DateOID, pgtype.DateArrayOID, 0, "date", ""},
	{wireJSON, pgtype.JSONOID, pgtype.JSONArrayOID, 0, "json", ""},
	{wireJSONB, pgtype.JSONBOID, pgtype.JSONBArrayOID, 0, "jsonb", ""},
	{wireNumeric, pgtype.NumericOID, pgtype.NumericArrayOID, 0, "numeric", "decimal"},
	{wireInterval, pgtype.IntervalOID, pgtype.IntervalArrayOID, 0, "interval", ""},
	{wireTime, pgtype.TimeOID, pgtype.TimeArrayOID, 0, "time", "time without time zone"},
	{wireInet, pgtype.InetOID, pgtype.InetArrayOID, 0, "inet", ""},
	{wireCIDR, pgtype.CIDROID, pgtype.CIDRArrayOID, 0, "cidr", ""},
	{wireMacaddr, pgtype.MacaddrOID, pgtype.MacaddrArrayOID, 0, "macaddr", ""},
	{wireMacaddr, pgtype.Macaddr8OID, macaddr8ArrayOID, 0, "macaddr8", ""},
	{wireRange, pgtype.Int4rangeOID, pgtype.Int4rangeArrayOID, pgtype.Int4OID, "int4range", ""},
	{wireRange, pgtype.Int8rangeOID, pgtype.Int8rangeArrayOID, pgtype.Int8OID, "int8range", ""},
	{wireRange, pgtype.NumrangeOID, pgtype.NumrangeArrayOID, pgtype.NumericOID, "numrange", ""},
	{wireRange, pgtype.TsrangeOID, pgtype.TsrangeArrayOID, pgtype.TimestampOID, "tsrange", ""},
	{wireRange, pgtype.TstzrangeOID, pgtype.TstzrangeArrayOID, pgtype.TimestamptzOID, "tstzrange", ""},
	{wireRange, pgtype.DaterangeOID, pgtype.DaterangeArrayOID, pgtype.DateOID, "daterange", ""},
	{wireMultirange, pgtype.Int4multirangeOID, pgtype.Int4multirangeArrayOID, pgtype.Int4rangeOID, "int4multirange", ""},
	{wireMultirange, pgtype.Int8multirangeOID, pgtype.Int8multirangeArrayOID, pgtype.Int8rangeOID, "int8multirange", ""},
	{wireMultirange, pgtype.NummultirangeOID, pgtype.NummultirangeArrayOID, pgtype.NumrangeOID, "nummultirange", ""},
	{wireMultirange, pgtype.TsmultirangeOID, pgtype.TsmultirangeArrayOID, pgtype.TsrangeOID, "tsmultirange", ""},
	{wireMultirange, pgtype.TstzmultirangeOID, pgtype.TstzmultirangeArrayOID, pgtype.TstzrangeOID, "tstzmultirange", ""},
	{wireMultirange, pgtype.DatemultirangeOID, pgtype.DatemultirangeArrayOID, pgtype.DaterangeOID, "datemultirange", ""},
	{wireOther, pgtype.BitOID, pgtype.BitArrayOID, 0, "bit", ""},
	{wireOther, pgtype.VarbitOID, pgtype.VarbitArrayOID, 0, "varbit", "bit varying"},
	{wireOther, pgtype.PointOID, pgtype.PointArrayOID, 0, "point", ""},
	{wireOther, pgtype.LineOID, pgtype.LineArrayOID, 0, "line", ""},
	{wireOther, pgtype.LsegOID, pgtype.LsegArrayOID, 0, "lseg", ""},
	{wireOther, pgtype.BoxOID, pgtype.BoxArrayOID, 0, "box", ""},
	{wireOther, pgtype.PathOID, pgtype.PathArrayOID, 0, "path", ""},
	{wireOther, pgtype.PolygonOID, pgtype.PolygonArrayOID, 0, "polygon", ""},
	{wireOther, pgtype.CircleOID, pgtype.CircleArrayOID, 0, "circle", ""},
	{wireOther, pgtype.TSVectorOID, pgtype.TSVectorArrayOID, 0, "tsvector", ""},
	{wireOther, pgtype.OIDOID, pgtype.OIDArrayOID, 0, "oid", ""},
	{wireOther, pgtype.XIDOID, pgtype.XIDArrayOID, 0, "xid", ""},
	{wireOther, pgtype.XID8OID, pgtype.XID8ArrayOID, 0, "xid8", ""},
	{wireOther, pgtype.CIDOID, pgtype.CIDArrayOID, 0, "cid", ""},
	{wireOther, pgtype.TIDOID, pgtype.TIDArrayOID, 0, "tid", ""},
}

const (
	macaddr8ArrayOID = 775   // pgtype has no name for it
	firstUserOID     = 16384 // types that are not built in have OIDs from here
)

func (b *builtin) pgType() pgType {
	pg := pgType{wire: b.wire, oid: b.oid, arrayOID: b.arrayOID, name: b.name}
	if b.of != 0 {
		of, _ := typeOfOID(b.of)
		pg.item = &of
	}
	return pg
}

// arrayOf is the type of arrays of pg.
func arrayOf(pg pgType) pgType {
	if pg.domain { // the array of a domain is not that of its base type
		pg.oid = 0
	}
	if pg.oid == 0 {
		pg.arrayOID = 0
	}
	list := pgType{wire: wireArray, oid: pg.arrayOID, arrayOID: pgtype.TextArrayOID, name: pg.name + "[]", item: &pg, parts: true}
	if pg.wire == wireText {
		list.wire = wireTextArray
	}
	if pg.sql != "" {
		list.sql = pg.sql + "[]"
	}
	return list
}

// typeOfOID finds a built-in type.
func typeOfOID(oid uint32) (pgType, bool) {
	if oid == 0 || oid >= firstUserOID {
		return pgType{}, false
	}
	for i := range builtins {
		switch b := &builtins[i]; oid {
		case b.oid:
			return b.pgType(), true
		case b.arrayOID:
			return arrayOf(b.pgType()), true
		}
	}
	return pgType{}, false
}

// typeNamed finds the built-in type that SQL text names, without its length or
// precision, and the two of the extensions that come with the server.
func typeNamed(text string) (pgType, bool) {
	name, dims := cutDimensions(strings.Join(strings.Fields(strings.ToLower(text)), " "))
	if open := strings.IndexByte(name, '('); open >= 0 {
		end := strings.IndexByte(name, ')')
		if end < open {
			return pgType{}, false
		}
		name = strings.Join(strings.Fields(name[:open]+" "+name[end+1:]), " ")
	}
	name = strings.TrimPrefix(name, "pg_catalog.")
	pg, ok := pgType{}, false
	switch name {
	case "":
	case "citext":
		pg, ok = pgType{wire: wireText, name: name}, true
	case "hstore":
		pg, ok = pgType{wire: wireHstore, name: name}, true
	}
	for i := range builtins {
		if b := &builtins[i]; name != "" && (name == b.name || name == b.alias) {
			pg, ok = b.pgType(), true
		}
	}
	if ok && dims > 0 { // PostgreSQL does not tell text[] from text[][]
		pg = arrayOf(pg)
	}
	return pg, ok
}

// cutDimensions takes the brackets off the name of an array type.
func cutDimensions(name string) (element string, dims int) {
	for strings.HasSuffix(name, "]") {
		open := strings.LastIndexByte(name, '[')
		if open < 0 {
			break
		}
		name, dims = strings.TrimSpace(name[:open]), dims+1
	}
	if element, found := strings.CutSuffix(name, " array"); found {
		return element, dims + 1
	}
	return name, dims
}
