package doctor_test

import (
	"context"
	"fmt"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/doctor"
	"github.com/retort-go/retort/localpg"
)

// A service looks at its database when it starts, and adds what only it knows.
func ExampleExamine() {
	ctx := context.Background()
	server, err := localpg.Start(ctx, localpg.Config{})
	if err != nil {
		panic(err)
	}
	defer server.Stop(ctx)

	eng, err := retort.Open(retort.Config{
		URL: server.URL("postgres"), PoolSize: 10, MaxOverflow: 20,
		LockTimeout: 5 * time.Second, IdleTransactionTimeout: 5 * time.Minute,
	})
	if err != nil {
		panic(err)
	}
	defer eng.Close(ctx)

	report, err := doctor.Examine(ctx, eng, doctor.Options{Pods: 40})
	if err != nil {
		panic(err)
	}
	own := doctor.Finding{State: doctor.Note, About: "mail", Text: "no mail server is set", Do: "SMTP_URL"}
	report = doctor.Of(append(report.Findings, own))
	fmt.Println("OK:", report.OK)
	for _, f := range report.Findings {
		if f.State != doctor.OK && f.About != "role" && f.About != "durability" {
			fmt.Println(f.State, f.About)
		}
	}
	// Output:
	// OK: false
	// wrong connections
	// note timeouts
	// note mail
}
