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

// What the shop declares, release by release.
type (
	order struct {
		retort.UUIDKey

		Customer string
		Total    int64
	}
	orderDue struct {
		retort.UUIDKey

		Customer string
		Total    int64
		DueAt    *time.Time
	}
	orderNoted struct {
		retort.UUIDKey

		Customer string
		Total    int64
		DueAt    *time.Time
		Note     *string
	}
	// The country of an order is new and must be there.
	orderCountry struct {
		retort.UUIDKey

		Customer string
		Total    int64
		Country  string
	}
	// Total is called Cents now.
	orderCents struct {
		retort.UUIDKey

		Customer string
		Cents    int64
		Country  string
	}
	// Orders are looked for by customer.
	orderIndexed struct {
		retort.UUIDKey

		Customer string
		Total    int64
	}
)

// Define adds the index.
func (orderCountry) Define(d *retort.Definition[orderCountry]) { d.Index(&d.C.Customer) }

// Define adds the index.
func (orderCents) Define(d *retort.Definition[orderCents]) { d.Index(&d.C.Customer) }

// Define adds the index.
func (orderIndexed) Define(d *retort.Definition[orderIndexed]) { d.Index(&d.C.Customer) }

// releases are the models by name.
var releases = map[string]*retort.Base{
	"1":       retort.NewBase(retort.NewTable[order]("orders")),
	"due":     retort.NewBase(retort.NewTable[orderDue]("orders")),
	"noted":   retort.NewBase(retort.NewTable[orderNoted]("orders")),
	"country": retort.NewBase(retort.NewTable[orderCountry]("orders")),
	"cents":   retort.NewBase(retort.NewTable[orderCents]("orders")),
	"indexed": retort.NewBase(retort.NewTable[orderIndexed]("orders")),
}
