package rolling_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/localpg"
	"github.com/retort-go/retort/migrate/manifest"
	"github.com/retort-go/retort/migrate/rolling"
)

// What release 41 sends is tried on the schema of release 42.
func ExampleCheck() {
	ctx := context.Background()
	server, err := localpg.Start(ctx, localpg.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = server.Stop(ctx) }()
	eng, err := retort.Open(retort.Config{URL: server.URL("postgres"), Base: retort.NewBase()})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = eng.Close(ctx) }()
	_, err = retort.Run(ctx, eng, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (int64, error) {
		return s.Exec(ctx, "CREATE TABLE poems (id bigint, heading text)") // the column was called title
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	release41, err := manifest.Read(strings.NewReader(`{"format": 1, "statements": [{"label": "raw", "from": ["poems/list.go"],
		"sql": "SELECT title FROM poems", "columns": [{"name": "title", "type": "text"}]}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	report, err := rolling.Check(ctx, eng, release41)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(report)
	// Output:
	// 1 statement, 1 break, 0 may break, 0 not checked
	//
	// breaks: the server says: column "title" does not exist (42703)
	//   from poems/list.go (raw)
	//   SELECT title FROM poems
}
