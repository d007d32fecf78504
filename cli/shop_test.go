package cli_test

import (
	"cmp"
	"os"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/cli"
)

// shop is the program of the guides: RELEASE says which of its releases runs.
func shop() cli.Config {
	cfg := config()
	cfg.Name = "shop db"
	cfg.Base = releases[cmp.Or(os.Getenv("RELEASE"), "1")]
	return cfg
}

// Order is what the shop sells: release 1.
type Order struct {
	retort.UUIDKey

	Customer string
	Total    int64
}

// releases are the models of the shop, release by release.
var releases = map[string]*retort.Base{
	"1": retort.NewBase(retort.NewTable[Order]("orders")),
	"2": retort.NewBase(retort.NewTable[Order2]("orders")),
}

// Order2 has a day on which it must be there.
type Order2 struct {
	retort.UUIDKey

	Customer string
	Total    int64
	DueAt    *time.Time
}
