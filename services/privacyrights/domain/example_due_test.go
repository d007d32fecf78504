package domain_test

import (
	"fmt"
	"time"

	"github.com/retort-go/retort/services/privacyrights/domain"
)

// A request of 31 January is due on the last day of February, Brussels time.
func ExampleRegime_DueAt() {
	received := time.Date(2026, time.January, 31, 12, 0, 0, 0, time.UTC)
	fmt.Println(domain.GDPR.DueAt(received).Format(time.RFC3339Nano))
	fmt.Println(domain.CCPA.DueAt(received).Format(time.RFC3339Nano))
	// Output:
	// 2026-02-28T22:59:59.999999Z
	// 2026-03-18T06:59:59.999999Z
}

func ExampleStatus_CanBecome() {
	fmt.Println(domain.Open.CanBecome(domain.InProgress), domain.Open.CanBecome(domain.Fulfilled))
	// Output: true false
}
