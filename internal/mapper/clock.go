package mapper

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"
)

// clockText is a time of day as the server writes it.
func (d *decodeColumn) clockText(src []byte) (string, error) {
	if len(src) != 8 {
		return "", d.badLength(src, 8)
	}
	us := int64(binary.BigEndian.Uint64(src))
	if !inDay(us) {
		return "", d.malformed("time beyond 24 hours")
	}
	return string(appendClock(nil, uint64(us))), nil
}

// intervalText is an interval as the server writes it with its own IntervalStyle,
// postgres.
func (d *decodeColumn) intervalText(src []byte) (string, error) {
	if len(src) != 16 {
		return "", d.badLength(src, 16)
	}
	v := pgtype.Interval{
		Microseconds: int64(binary.BigEndian.Uint64(src)),
		Days:         int32(binary.BigEndian.Uint32(src[8:])), Months: int32(binary.BigEndian.Uint32(src[12:])),
	}
	var parts []string
	below := false // behind a negative part a positive one has its sign
	for _, p := range []struct {
		n    int32
		unit string
	}{{v.Months / 12, "year"}, {v.Months % 12, "mon"}, {v.Days, "day"}} {
		if p.n == 0 {
			continue
		}
		text := fmt.Sprintf("%d %s", p.n, p.unit)
		if p.n != 1 {
			text += "s"
		}
		if below && p.n > 0 {
			text = "+" + text
		}
		below = p.n < 0
		parts = append(parts, text)
	}
	if v.Microseconds == 0 && len(parts) > 0 {
		return strings.Join(parts, " "), nil
	}
	sign, us := "", uint64(v.Microseconds)
	switch {
	case v.Microseconds < 0:
		sign, us = "-", -us
	case below:
		sign = "+"
	}
	parts = append(parts, sign+string(appendClock(nil, us)))
	return strings.Join(parts, " "), nil
}

// appendClock writes hours, minutes and seconds, and of a second only what there is.
func appendClock(buf []byte, us uint64) []byte {
	const hour, minute, second = 3600 * 1000000, 60 * 1000000, 1000000
	buf = fmt.Appendf(buf, "%02d:%02d:%02d", us/hour, us%hour/minute, us%minute/second)
	if rest := us % second; rest != 0 {
		buf = append(buf, strings.TrimRight(fmt.Sprintf(".%06d", rest), "0")...)
	}
	return buf
}
