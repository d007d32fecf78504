package bench

import (
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// User is like the tables of the origins: a UUID key, timestamps by the server,
// a unique address.
type User struct {
	retort.UUIDKey
	retort.Timestamps
	Email string
	Name  string
	Age   int32
}

// Define declares what the fields cannot say.
func (User) Define(d *retort.Definition[User]) { d.Unique(&d.C.Email) }

var (
	users = retort.NewTable[User]("users")
	base  = retort.NewBase(users)
)

func TestMain(m *testing.M) { retorttest.Main(m) }
