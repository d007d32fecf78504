package mapper

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"time"
	"unsafe"

	"github.com/jackc/pgx/v5/pgtype"
)

const (
	dayMicroseconds = 24 * 60 * 60 * 1000000
	reasonDay       = "is outside the range of time, 00:00 to 24:00"
)

// inDay reports a time of day; PostgreSQL has 24:00 too.
func inDay(us int64) bool { return us >= 0 && us <= dayMicroseconds }

// pairTime compiles time.Duration as an interval and as a time of day.
func pairTime(c *column, t reflect.Type) bool {
	if t != durationType {
		return false
	}
	switch c.pg.wire {
	case wireInterval:
		return c.coded(intervalCodec{})
	case wireTime:
		return c.coded(timeOfDayCodec{})
	}
	return false
}

// intervalCodec is a time.Duration as an interval: microseconds, cut and not
// rounded. Months and days have no fixed length, so intervals that have them
// are not read.
type intervalCodec struct{}

func (intervalCodec) encode(_ *column, buf []byte, at unsafe.Pointer) ([]byte, error) {
	buf = binary.BigEndian.AppendUint64(buf, uint64(load[time.Duration](at).Microseconds()))
	return binary.BigEndian.AppendUint64(buf, 0), nil
}

func (intervalCodec) literal(_ *column, buf []byte, at unsafe.Pointer) ([]byte, error) {
	return appendInterval(buf, pgtype.Interval{Microseconds: load[time.Duration](at).Microseconds()}), nil
}

func (intervalCodec) decode(d *decodeColumn, dst unsafe.Pointer, src []byte) error {
	if len(src) != 16 {
		return d.badLength(src, 16)
	}
	us := int64(binary.BigEndian.Uint64(src))
	if binary.BigEndian.Uint64(src[8:]) != 0 {
		return d.stored("is an interval with days or months, whose length is not fixed; use pgtype.Interval, or extract(epoch FROM …)")
	}
	if us > math.MaxInt64/1000 || us < math.MinInt64/1000 {
		return d.stored("is longer than time.Duration holds, 292 years; use pgtype.Interval")
	}
	store(dst, us*1000)
	return nil
}

// appendInterval signs every part: with IntervalStyle sql_standard the sign of
// the first would count for all others.
func appendInterval(buf []byte, v pgtype.Interval) []byte {
	sign, us := '+', uint64(v.Microseconds)
	if v.Microseconds < 0 {
		sign, us = '-', -us
	}
	const hour, minute, second = 3600 * 1000000, 60 * 1000000, 1000000
	return fmt.Appendf(buf, "%+d mons %+d days %c%02d:%02d:%02d.%06d", v.Months, v.Days, sign, us/hour, us%hour/minute, us%minute/second, us%second)
}

// timeOfDayCodec is a time.Duration since midnight.
type timeOfDayCodec struct{}

func (timeOfDayCodec) encode(c *column, buf []byte, at unsafe.Pointer) ([]byte, error) {
	us := load[time.Duration](at).Microseconds()
	if !inDay(us) || load[time.Duration](at) < 0 {
		return nil, c.valueErr(reasonDay)
	}
	return binary.BigEndian.AppendUint64(buf, uint64(us)), nil
}

func (timeOfDayCodec) literal(c *column, buf []byte, at unsafe.Pointer) ([]byte, error) {
	d := load[time.Duration](at)
	if us := d.Microseconds(); !inDay(us) || d < 0 {
		return nil, c.valueErr(reasonDay)
	}
	return fmt.Appendf(buf, "%02d:%02d:%02d.%06d", d/time.Hour, d%time.Hour/time.Minute, d%time.Minute/time.Second, d%time.Second/time.Microsecond), nil
}

func (timeOfDayCodec) decode(d *decodeColumn, dst unsafe.Pointer, src []byte) error {
	if len(src) != 8 {
		return d.badLength(src, 8)
	}
	us := int64(binary.BigEndian.Uint64(src))
	if !inDay(us) {
		return d.malformed("time beyond 24 hours")
	}
	store(dst, us*1000)
	return nil
}
