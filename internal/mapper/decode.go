package mapper

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"time"
	"unicode/utf8"
	"unsafe"
)

// decode stores one value that is not NULL.
func (d *decodeColumn) decode(dst unsafe.Pointer, src []byte, memory *arena) error {
	switch d.op {
	case opInt64, opFloat64:
		if len(src) != 8 {
			return d.badLength(src, 8)
		}
		store(dst, binary.BigEndian.Uint64(src))
	case opInt32, opFloat32:
		if len(src) != 4 {
			return d.badLength(src, 4)
		}
		store(dst, binary.BigEndian.Uint32(src))
	case opInt16:
		if len(src) != 2 {
			return d.badLength(src, 2)
		}
		store(dst, binary.BigEndian.Uint16(src))
	case opString:
		store(dst, memory.string(src))
	case opTimestamp:
		if len(src) != 8 {
			return d.badLength(src, 8)
		}
		return d.timestamp(dst, int64(binary.BigEndian.Uint64(src)))
	case opUUID:
		if len(src) != 16 {
			return d.badLength(src, 16)
		}
		store(dst, [16]byte(src))
	case opBool:
		if len(src) != 1 {
			return d.badLength(src, 1)
		}
		store(dst, src[0] != 0)
	case opBytes:
		store(dst, memory.bytes(src))
	case opJSONBBytes:
		text, err := d.jsonb(src)
		if err != nil {
			return err
		}
		store(dst, memory.bytes(text))
	case opDate:
		if len(src) != 4 {
			return d.badLength(src, 4)
		}
		return d.date(dst, int32(binary.BigEndian.Uint32(src)))
	default:
		return d.decodeRare(dst, src, memory)
	}
	return nil
}

// decodeRare keeps decode small enough to stay in the instruction cache.
func (d *decodeColumn) decodeRare(dst unsafe.Pointer, src []byte, memory *arena) error {
	switch d.op {
	case opInteger:
		return d.integer(dst, src)
	case opFloat4To8:
		if len(src) != 4 {
			return d.badLength(src, 4)
		}
		store(dst, float64(math.Float32frombits(binary.BigEndian.Uint32(src))))
	case opUserText:
		// Enums and citext send their text; other types may send anything.
		if !utf8.Valid(src) {
			return &ValueError{Column: d.column.name, Stored: true, Reason: fmt.Sprintf("of the type with OID %d is not sent as text; cast it to text in the SQL", d.oid)}
		}
		store(dst, memory.string(src))
	case opJSONBString:
		text, err := d.jsonb(src)
		if err != nil {
			return err
		}
		store(dst, memory.string(text))
	case opStrings:
		return d.strings(dst, src)
	case opJSON:
		return d.unmarshal(dst, src)
	case opJSONB:
		text, err := d.jsonb(src)
		if err != nil {
			return err
		}
		return d.unmarshal(dst, text)
	}
	return nil
}

// integer reads an integer whose width on the wire is not that of the field.
func (d *decodeColumn) integer(dst unsafe.Pointer, src []byte) error {
	var v int64
	switch pg, _ := typeOfOID(d.oid); {
	case pg.wire == wireInt2 && len(src) == 2:
		v = int64(int16(binary.BigEndian.Uint16(src)))
	case pg.wire == wireInt4 && len(src) == 4:
		v = int64(int32(binary.BigEndian.Uint32(src)))
	case pg.wire == wireInt8 && len(src) == 8:
		v = int64(binary.BigEndian.Uint64(src))
	default:
		return d.malformed(fmt.Sprintf("%d bytes for %s", len(src), pg.name))
	}
	fits := true
	switch d.column.shape {
	case shapeInt16:
		fits = v == int64(int16(v))
		store(dst, int16(v))
	case shapeInt32:
		fits = v == int64(int32(v))
		store(dst, int32(v))
	default:
		store(dst, v)
	}
	if !fits {
		return &ValueError{Column: d.column.name, Stored: true, Reason: "is out of range for " + d.column.elem.String() + "; use a wider field"}
	}
	return nil
}

func (d *decodeColumn) timestamp(dst unsafe.Pointer, us int64) error {
	if us == math.MaxInt64 || us == math.MinInt64 {
		return d.infinite()
	}
	sec, rest := us/1e6, us%1e6
	if rest < 0 {
		sec, rest = sec-1, rest+1e6
	}
	if sec < firstSecond || sec >= endSecond {
		return d.malformed("timestamp outside of PostgreSQL's own range")
	}
	store(dst, time.Unix(sec+epochSeconds, rest*1000).UTC())
	return nil
}

func (d *decodeColumn) date(dst unsafe.Pointer, days int32) error {
	if days == math.MaxInt32 || days == math.MinInt32 {
		return d.infinite()
	}
	if days < firstDay || days >= endDay {
		return d.malformed("date outside of PostgreSQL's own range")
	}
	store(dst, time.Unix((int64(days)+epochDays)*86400, 0).UTC())
	return nil
}

func (d *decodeColumn) infinite() error {
	return &ValueError{Column: d.column.name, Stored: true, Reason: "is infinity, which time.Time cannot hold; select nullif(…, 'infinity') into a pointer"}
}

// jsonb takes off the version byte.
func (d *decodeColumn) jsonb(src []byte) ([]byte, error) {
	if len(src) == 0 || src[0] != 1 {
		return nil, d.malformed("jsonb of another version than 1")
	}
	return src[1:], nil
}

func (d *decodeColumn) unmarshal(dst unsafe.Pointer, text []byte) error {
	v := reflect.NewAt(d.column.elem, dst)
	v.Elem().SetZero() // json.Unmarshal would merge into maps and structs
	err := json.Unmarshal(text, v.Interface())
	if err == nil {
		return nil
	}
	reason := "is json that does not fit " + d.column.elem.String()
	// Other texts of encoding/json and of UnmarshalJSON methods may quote the value.
	if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && mismatch.Field != "" {
		reason += " in its field " + mismatch.Field
	}
	return &ValueError{Column: d.column.name, Stored: true, Reason: reason}
}

// strings reads the binary form of a one-dimensional text array.
func (d *decodeColumn) strings(dst unsafe.Pointer, src []byte) error {
	const header, dimension = 12, 8
	if len(src) < header {
		return d.malformed("array shorter than its header")
	}
	dims := binary.BigEndian.Uint32(src)
	if dims == 0 {
		store(dst, []string{})
		return nil
	}
	if dims != 1 {
		return d.manyDimensions(dims)
	}
	if len(src) < header+dimension {
		return d.malformed("array shorter than its header")
	}
	n := int64(binary.BigEndian.Uint32(src[header:]))
	src = src[header+dimension:]
	if n > int64(len(src)/4) { // each element has a length of 4 bytes: bounds the allocation
		return d.malformed("array shorter than its element count")
	}
	list := make([]string, 0, n)
	all := string(src) // one allocation; the elements are parts of it
	for at := 0; len(list) < int(n); {
		if len(src)-at < 4 {
			return d.malformed("array shorter than its element count")
		}
		length := int(int32(binary.BigEndian.Uint32(src[at:])))
		at += 4
		if length == -1 {
			return &NullError{Column: d.column.name + " (an element)", Type: "string"}
		}
		if length < 0 || length > len(src)-at {
			return d.malformed("array element longer than the array")
		}
		list = append(list, all[at:at+length])
		at += length
	}
	store(dst, list)
	return nil
}

func (d *decodeColumn) manyDimensions(dims uint32) error {
	if dims > 6 { // MAXDIM of the server
		return d.malformed("array of too many dimensions")
	}
	return &ValueError{Column: d.column.name, Stored: true, Reason: fmt.Sprintf("is an array of %d dimensions; %s holds one", dims, d.column.elem)}
}

func (d *decodeColumn) badLength(src []byte, want int) error {
	return d.malformed(fmt.Sprintf("%d bytes where %d are due", len(src), want))
}

func (d *decodeColumn) malformed(reason string) error {
	return &FormatError{Column: d.column.name, Reason: reason}
}
