package retorttest

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"net"
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/schema"
)

// epoch is where made times begin: a second for each row.
var epoch = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// set gives a zero field its n-th value, by the type of its column.
//
//   - Errors: a type without a rule.
func set(f reflect.Value, c *schema.Column, enum []string, n int64) error {
	if len(enum) > 0 {
		f.SetString(enum[0])
		return nil
	}
	switch f.Addr().Interface().(type) {
	case *time.Time:
		t := epoch.Add(time.Duration(n) * time.Second)
		if base(c.Type) == "date" {
			t = epoch.AddDate(0, 0, int(n%30_000))
		}
		f.Set(reflect.ValueOf(t).Convert(f.Type()))
		return nil
	case *netip.Addr:
		f.Set(reflect.ValueOf(netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})))
		return nil
	case *netip.Prefix:
		f.Set(reflect.ValueOf(netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}), 32)))
		return nil
	case *net.HardwareAddr:
		f.Set(reflect.ValueOf(net.HardwareAddr{2, 0, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}))
		return nil
	case *net.IP:
		f.Set(reflect.ValueOf(net.IPv4(10, byte(n>>16), byte(n>>8), byte(n))))
		return nil
	case *time.Duration:
		unit := time.Second // an interval has no nanoseconds
		if base(c.Type) == "bigint" {
			unit = 1
		}
		f.SetInt(int64(time.Duration(n%(24*60*60)) * unit))
		return nil
	case *json.RawMessage:
		f.Set(reflect.ValueOf(json.RawMessage("{}")))
		return nil
	}
	return setKind(f, c, n)
}

func setKind(f reflect.Value, c *schema.Column, n int64) error {
	switch f.Kind() {
	case reflect.Bool:
		return nil
	case reflect.String:
		text, err := text(c, n)
		f.SetString(text)
		return err
	case reflect.Int16, reflect.Int32, reflect.Int64, reflect.Int:
		most := int64(1<<15 - 1)
		if base(c.Type) != "smallint" && f.Kind() != reflect.Int16 {
			most = 1<<31 - 1
		}
		f.SetInt((n-1)%min(most, mostOf(c.Type)) + 1)
		return nil
	case reflect.Float32, reflect.Float64:
		f.SetFloat(float64(n % min(1000, mostOf(c.Type))))
		return nil
	case reflect.Slice:
		if f.Type().Elem().Kind() == reflect.Uint8 && base(c.Type) == "bytea" {
			f.SetBytes([]byte(strconv.FormatInt(n, 36)))
			return nil
		}
		f.Set(reflect.MakeSlice(f.Type(), 0, 0))
		return nil
	case reflect.Map:
		f.Set(reflect.MakeMap(f.Type()))
		return nil
	case reflect.Array:
		if base(c.Type) == "uuid" && f.Len() == 16 {
			id, err := retort.UUIDv4()
			f.Set(reflect.ValueOf(id).Convert(f.Type()))
			return err
		}
		return nil
	}
	return scan(f, c, n)
}

// scan asks types that read a database value themselves, such as decimals. A
// struct that is stored as JSON is well as it is.
func scan(f reflect.Value, c *schema.Column, n int64) error {
	scanner, ok := f.Addr().Interface().(sql.Scanner)
	if !ok {
		return nil
	}
	value, err := text(c, n)
	if err != nil {
		return fmt.Errorf("Make has no value for a %s in a column of type %s; set it in a change function", f.Type(), c.Type)
	}
	for _, v := range scanned(value) {
		if scanner.Scan(v) == nil {
			return nil
		}
	}
	return fmt.Errorf("Make has no value for a %s in a column of type %s; set it in a change function", f.Type(), c.Type)
}

// scanned lists what a driver would give of a text, the text first.
func scanned(text string) []any {
	values := []any{text, []byte(text)}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		values = append(values, n, float64(n))
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			values = append(values, t)
		}
	}
	return values
}

// text is a value as PostgreSQL reads it.
func text(c *schema.Column, n int64) (string, error) {
	switch base(c.Type) {
	case "text", "citext", "varchar", "character varying", "char", "character", "bpchar", "name":
		return short(c.Name+" "+strconv.FormatInt(n, 10), n, length(c.Type)), nil
	case "smallint", "integer", "bigint", "numeric", "decimal", "real", "double precision", "int2", "int4", "int8", "float4", "float8":
		return strconv.FormatInt(n%min(1000, mostOf(c.Type)), 10), nil
	case "uuid":
		return fmt.Sprintf("00000000-0000-4000-8000-%012x", n), nil
	case "json", "jsonb":
		return "{}", nil
	case "date":
		return epoch.AddDate(0, 0, int(n%30_000)).Format(time.DateOnly), nil
	case "timestamp", "timestamptz", "timestamp with time zone", "timestamp without time zone":
		return epoch.Add(time.Duration(n) * time.Second).Format(time.RFC3339), nil
	case "time", "time without time zone":
		return epoch.Add(time.Duration(n) * time.Second).Format(time.TimeOnly), nil
	case "interval":
		return strconv.FormatInt(n, 10) + " seconds", nil
	case "inet", "cidr":
		return fmt.Sprintf("10.%d.%d.%d", byte(n>>16), byte(n>>8), byte(n)), nil
	}
	return "", fmt.Errorf("Make has no value for a column of type %s; set it in a change function", c.Type)
}

// short keeps a text within a column's length: the number alone where there is
// no room for the name.
func short(long string, n int64, most int) string {
	if most == 0 || len(long) <= most {
		return long
	}
	digits := strconv.FormatInt(n, 36)
	if len(digits) > most {
		return digits[len(digits)-most:]
	}
	return digits
}

// base is a type without its modifier: varchar of varchar(20).
func base(typ string) string {
	name, rest, found := strings.Cut(strings.ToLower(typ), "(")
	if _, after, ok := strings.Cut(rest, ")"); found && ok {
		name = strings.TrimSpace(name) + after
	}
	return strings.TrimSpace(name)
}

// mostOf is the greatest whole number of a numeric with a precision; 1 where it has
// no digits before the point.
func mostOf(typ string) int64 {
	if name := base(typ); name != "numeric" && name != "decimal" {
		return math.MaxInt64
	}
	_, rest, found := strings.Cut(typ, "(")
	modifier, _, _ := strings.Cut(rest, ")")
	precision, scale, _ := strings.Cut(modifier, ",")
	digits, err := strconv.Atoi(strings.TrimSpace(precision))
	behind, _ := strconv.Atoi(strings.TrimSpace(scale))
	if !found || err != nil || digits-behind > 18 {
		return math.MaxInt64
	}
	most := int64(1)
	for range digits - behind {
		most *= 10
	}
	return max(most-1, 1)
}

// length is the modifier of a type, 0 without one.
func length(typ string) int {
	_, rest, _ := strings.Cut(typ, "(")
	number, _, _ := strings.Cut(rest, ")")
	n, err := strconv.Atoi(strings.TrimSpace(number))
	if err != nil {
		return 0
	}
	return n
}
