package retorttest_test

import (
	"strings"
	"testing"

	"github.com/gofrs/uuid/v5"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// Guild has a rule of its own, and a Tool is two foreign keys away from it.
type (
	Guild struct {
		retort.UUIDKey
		Slug string
	}
	Smith struct {
		retort.UUIDKey
		GuildID uuid.UUID
	}
	Tool struct {
		retort.UUIDKey
		SmithID uuid.UUID
	}
)

var (
	Guilds = retort.NewTable[Guild]("guilds")
	Smiths = retort.NewTable[Smith]("smiths")
	Tools  = retort.NewTable[Tool]("tools")
)

func (Guild) Define(d *retort.Definition[Guild]) { d.Check("slug", "slug ~ '^[a-z]+$'") }

func (Smith) Define(d *retort.Definition[Smith]) { d.References(&d.C.GuildID, &Guilds.C.ID) }

func (Tool) Define(d *retort.Definition[Tool]) { d.References(&d.C.SmithID, &Smiths.C.ID) }

// TestMake_says_which_parent_to_make: a change function of the tool cannot reach the
// guild whose rule refuses.
func TestMake_says_which_parent_to_make(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, retort.NewBase(Guilds, Smiths, Tools))
	said := strings.Join(fatal(t, func(tb testing.TB) { retorttest.Make[Tool](tb, k) }), " ")
	want := `its parent retorttest_test.Smith, made for want of SmithID: its parent retorttest_test.Guild, made for want of GuildID: ` +
		`the constraint "ck_guilds_slug" (slug ~ '^[a-z]+$') refuses the row, and Make cannot know what it wants; set Slug by a Make[retorttest_test.Guild] of its own: `
	if !strings.Contains(said, want) {
		t.Errorf("it said %q, not %q", said, want)
	}
}
