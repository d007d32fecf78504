package model_test

import (
	"fmt"
	"time"

	"github.com/retort-go/retort/services/privacyrights/domain"
	"github.com/retort-go/retort/services/privacyrights/model"
)

// A step changes the request and makes the rows that tell of it.
func ExampleRequest_Step() {
	received := time.Date(2026, time.January, 31, 12, 0, 0, 0, time.UTC)
	r := model.NewRequest(domain.GDPR, domain.Access, "ann@example.org", nil, received)
	rows := r.Step(domain.InProgress, nil)
	change := rows[0].(*model.StatusChange)
	fmt.Println(r.Status, change.Seq, *change.FromStatus, change.ToStatus)
	// Output: in_progress 1 open in_progress
}
