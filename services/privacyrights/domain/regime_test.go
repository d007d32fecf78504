package domain_test

import (
	"testing"
	"time"

	"github.com/retort-go/retort/services/privacyrights/domain"
)

func TestDueAt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		regime   domain.Regime
		received string
		want     string
	}{
		{"gdpr is one month later at the end of the Brussels day", domain.GDPR, "2026-01-15T10:00:00Z", "2026-02-15T22:59:59.999999Z"},
		{"gdpr 31 January ends on 28 February", domain.GDPR, "2026-01-31T12:00:00Z", "2026-02-28T22:59:59.999999Z"},
		{"gdpr 31 January ends on 29 February of a leap year", domain.GDPR, "2028-01-31T12:00:00Z", "2028-02-29T22:59:59.999999Z"},
		{"gdpr 30 January of a leap year also ends on 29 February", domain.GDPR, "2028-01-30T12:00:00Z", "2028-02-29T22:59:59.999999Z"},
		{"gdpr 1900 rule: 2100 is no leap year", domain.GDPR, "2100-01-31T12:00:00Z", "2100-02-28T22:59:59.999999Z"},
		{"gdpr 2000 rule: 2400 is a leap year", domain.GDPR, "2400-01-31T12:00:00Z", "2400-02-29T22:59:59.999999Z"},
		{"gdpr 29 February keeps its day in March", domain.GDPR, "2028-02-29T12:00:00Z", "2028-03-29T21:59:59.999999Z"},
		{"gdpr 28 February keeps its day, it does not become the last", domain.GDPR, "2026-02-28T12:00:00Z", "2026-03-28T22:59:59.999999Z"},
		{"gdpr 31 March ends on 30 April", domain.GDPR, "2026-03-31T12:00:00Z", "2026-04-30T21:59:59.999999Z"},
		{"gdpr 31 December ends on 31 January of the next year", domain.GDPR, "2026-12-31T12:00:00Z", "2027-01-31T22:59:59.999999Z"},
		{"gdpr counts the Brussels day: 23:30 UTC on 31 January is 1 February there", domain.GDPR, "2026-01-31T23:30:00Z", "2026-03-01T22:59:59.999999Z"},
		{"gdpr the last microsecond of the Brussels day still belongs to it", domain.GDPR, "2026-01-31T22:59:59.999999Z", "2026-02-28T22:59:59.999999Z"},
		{"gdpr half past midnight on 1 March is due on 1 April", domain.GDPR, "2026-02-28T23:30:00Z", "2026-04-01T21:59:59.999999Z"},
		{"gdpr due on 28 March 2027, a day of 23 hours", domain.GDPR, "2027-02-28T12:00:00Z", "2027-03-28T21:59:59.999999Z"},
		{"gdpr due two days before the spring change of 2024", domain.GDPR, "2024-02-29T12:00:00Z", "2024-03-29T22:59:59.999999Z"},
		{"gdpr due on 25 October 2026, a day of 25 hours", domain.GDPR, "2026-09-25T12:00:00Z", "2026-10-25T22:59:59.999999Z"},
		{"gdpr received in the hour that is repeated in October", domain.GDPR, "2026-10-25T01:30:00Z", "2026-11-25T22:59:59.999999Z"},
		{"ccpa is 45 days later at the end of the Los Angeles day", domain.CCPA, "2026-06-01T12:00:00Z", "2026-07-17T06:59:59.999999Z"},
		{"ccpa counts the Los Angeles day: 05:00 UTC is the evening before", domain.CCPA, "2026-06-01T05:00:00Z", "2026-07-16T06:59:59.999999Z"},
		{"ccpa over a leap day", domain.CCPA, "2028-01-31T20:00:00Z", "2028-03-17T06:59:59.999999Z"},
		{"ccpa over the same days without a leap day", domain.CCPA, "2026-01-31T20:00:00Z", "2026-03-18T06:59:59.999999Z"},
		{"ccpa over the new year", domain.CCPA, "2026-12-01T20:00:00Z", "2027-01-16T07:59:59.999999Z"},
		{"ccpa due on 8 March 2026, a day of 23 hours", domain.CCPA, "2026-01-22T20:00:00Z", "2026-03-09T06:59:59.999999Z"},
		{"ccpa due on 1 November 2026, a day of 25 hours", domain.CCPA, "2026-09-17T20:00:00Z", "2026-11-02T07:59:59.999999Z"},
		{"ccpa received in the repeated hour", domain.CCPA, "2026-11-01T09:30:00Z", "2026-12-17T07:59:59.999999Z"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := tt.regime.DueAt(parse(t, tt.received))
			if want := parse(t, tt.want); !got.Equal(want) {
				t.Errorf("DueAt(%s) = %s, want %s", tt.received, got.Format(time.RFC3339Nano), tt.want)
			}
			if got.Location() != time.UTC {
				t.Errorf("DueAt is in %s, want UTC", got.Location())
			}
		})
	}
}

func TestDueAt_does_not_depend_on_the_zone_of_its_argument(t *testing.T) {
	t.Parallel()
	received := parse(t, "2026-01-31T23:30:00Z")
	tokyo := received.In(time.FixedZone("Tokyo", 9*3600))
	for _, r := range domain.Regimes() {
		if a, b := r.DueAt(received), r.DueAt(tokyo); !a.Equal(b) {
			t.Errorf("%s: %s in UTC, %s in Tokyo", r, a, b)
		}
	}
}

func TestDueAt_every_day_of_eight_years(t *testing.T) {
	t.Parallel()
	brussels, err := time.LoadLocation("Europe/Brussels")
	if err != nil {
		t.Fatal(err)
	}
	losAngeles, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	for day := range 8 * 366 {
		noon := time.Date(2024, 1, 1+day, 12, 0, 0, 0, brussels)
		due := domain.GDPR.DueAt(noon).In(brussels)
		if due.Format("15:04:05.000000") != "23:59:59.999999" {
			t.Fatalf("gdpr %s: due at %s", noon, due)
		}
		months := int(due.Month()) - int(noon.Month()) + 12*(due.Year()-noon.Year())
		last := due.Add(time.Microsecond).Day() == 1
		if months != 1 || due.Day() != noon.Day() && (!last || due.Day() > noon.Day()) {
			t.Fatalf("gdpr %s: due at %s", noon, due)
		}

		noon = time.Date(2024, 1, 1+day, 12, 0, 0, 0, losAngeles)
		due = domain.CCPA.DueAt(noon).In(losAngeles)
		if want := noon.AddDate(0, 0, 45).Format(time.DateOnly) + " 23:59:59.999999"; due.Format("2006-01-02 15:04:05.000000") != want {
			t.Fatalf("ccpa %s: due at %s, want %s", noon, due, want)
		}
	}
}

func TestRegime(t *testing.T) {
	t.Parallel()
	for _, r := range domain.Regimes() {
		if !r.Valid() {
			t.Errorf("%s is not valid", r)
		}
	}
	for _, r := range []domain.Regime{"", "GDPR", "hipaa"} {
		if r.Valid() || !r.DueAt(time.Now()).IsZero() {
			t.Errorf("%q counts as a regime", r)
		}
	}
}

func parse(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
