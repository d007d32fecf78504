package domain

import (
	"sync"
	"time"
	_ "time/tzdata" // hosts and containers without zone files must work too
)

// Regime is the law that a request is made under.
type Regime string

// The regimes.
const (
	GDPR Regime = "gdpr"
	CCPA Regime = "ccpa"
)

// Regimes returns every regime, in the order of the database enum.
func Regimes() []Regime { return []Regime{GDPR, CCPA} }

// Valid reports whether r is one of [Regimes].
func (r Regime) Valid() bool { return r == GDPR || r == CCPA }

// ccpaDays is the time to respond under the CCPA in calendar days.
const ccpaDays = 45

// DueAt returns the last microsecond in which a request received at that time
// can still be answered in time.
//
// The day of receipt is the calendar day in the regime's own zone. GDPR
// (Europe/Brussels): the same-named day of the next month, or that month's last
// day when it has no such day. CCPA (America/Los_Angeles): 45 calendar days
// later. Either way the deadline is 23:59:59.999999 of that local day, however
// long the day is.
//
//   - Shape: UTC, at microseconds as PostgreSQL keeps it. An unknown regime gives
//     the zero time; ask [Regime.Valid] first.
//   - Source: GDPR article 12(3) with Regulation 1182/71 article 3; CCPA
//     regulations §7021(b).
func (r Regime) DueAt(received time.Time) time.Time {
	switch r {
	case GDPR:
		y, m, d := received.In(brussels()).Date()
		return endOfDay(y, m+1, min(d, daysIn(y, m+1)), brussels())
	case CCPA:
		y, m, d := received.In(losAngeles()).Date()
		return endOfDay(y, m, d+ccpaDays, losAngeles())
	default:
		return time.Time{}
	}
}

// endOfDay steps back from the next midnight, so that days of 23 and 25 hours
// end where they end. time.Date normalizes months and days that overflow.
func endOfDay(y int, m time.Month, d int, loc *time.Location) time.Time {
	return time.Date(y, m, d+1, 0, 0, 0, 0, loc).Add(-time.Microsecond).UTC()
}

// daysIn asks for day 0 of the following month, which is this month's last.
func daysIn(y int, m time.Month) int {
	return time.Date(y, m+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// The zones are parsed once: time.LoadLocation reads a file at every call.
var (
	brussels   = sync.OnceValue(func() *time.Location { return zone("Europe/Brussels") })
	losAngeles = sync.OnceValue(func() *time.Location { return zone("America/Los_Angeles") })
)

// zone fails only for a damaged zone file: the names are constants, and the
// embedded copy stands in for a missing file.
func zone(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		panic("domain: time zone " + name + " cannot be read: " + err.Error())
	}
	return loc
}
