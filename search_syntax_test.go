package retort_test

import (
	"strings"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest"
)

// TestWhatIsNoSearchIsABadValue and no error of the statement, whose text would quote
// what a client has searched for.
func TestWhatIsNoSearchIsABadValue(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, retort.NewBase(offers))
	c := offers.C
	for name, where := range map[string]retort.Predicate{
		"a tsquery":    retort.Matches(retort.ToTSVector("english", retort.Col(&c.Title)), retort.ToTSQuery("english", "hush hush & (")),
		"an operand":   retort.Matches(retort.ToTSVector("english", retort.Col(&c.Title)), retort.ToTSQuery("english", "hush &")),
		"a json path":  retort.JSONPathExists(&c.Extra, "$.hush hush"),
		"a json value": retort.JSONPathExists(&c.Extra, `$ ? (@ == "hush`),
	} {
		s := k.Engine.Session()
		_, err := offers.Where(where).All(t.Context(), s)
		if pgerr.KindOf(err) != pgerr.BadValue || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %s, %v", name, pgerr.KindOf(err), err)
		}
		must(t, s.Close(t.Context()))
	}
}
