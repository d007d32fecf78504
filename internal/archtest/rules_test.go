package archtest_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/internal/archtest"
)

const own = archtest.Module + "/"

// Each rule sees a made-up file that breaks it and one that comes close and
// does not: a rule that cannot turn red guards nothing.
func TestCheck(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		file archtest.File
		want []string // "" stands for nothing
	}{
		"refuses a room that nobody drew": {
			file("cache/cache.go"), []string{"cache: no such room"},
		},
		"knows a folder below a room": {
			file("cli/prompt/prompt.go"), nil,
		},
		"leaves the other modules their layout": {
			file("services/privacyrights/requests/requests.go", own+"web", "github.com/danielgtaylor/huma/v2"), nil,
		},

		"lets imports point down": {
			file("web/handle.go", archtest.Module, own+"pgerr", "net/http"), nil,
		},
		"refuses imports that point up": {
			file("internal/flight/conn.go", archtest.Module),
			[]string{"internal/flight/conn.go: imports github.com/retort-go/retort: imports point down"},
		},
		"refuses imports between rooms at the bottom": {
			file("pool/pool.go", own+"schema"),
			[]string{"pool/pool.go: imports github.com/retort-go/retort/schema: imports point down"},
		},
		"lets tests import upward": {
			file("pool/pool_test.go", own+"retorttest"), nil,
		},

		"lets pgx into a flight": {
			file("internal/flight/conn.go", "github.com/jackc/pgx/v5/pgconn"), nil,
		},
		"keeps pgx out of web": {
			file("web/handle.go", "github.com/jackc/pgx/v5"),
			[]string{"web/handle.go: imports github.com/jackc/pgx/v5: pgx stays in the root"},
		},
		"lets tests import pgx": {
			file("localpg/start_test.go", "github.com/jackc/pgx/v5"), nil,
		},
		"keeps localpg on the standard library": {
			file("localpg/start.go", "golang.org/x/sys/unix"),
			[]string{"localpg/start.go: imports golang.org/x/sys/unix: \"localpg\" is built on the standard library alone"},
		},
		"keeps pool on the standard library": {
			file("pool/pool.go", "sync", "golang.org/x/sync/semaphore"),
			[]string{"pool/pool.go: imports golang.org/x/sync/semaphore: \"pool\" is built"},
		},
		"refuses a look-alike of an allowed library": {
			file("engine.go", "github.com/jackc/pgx/v5extra"),
			[]string{"engine.go: imports github.com/jackc/pgx/v5extra: a service links"},
		},

		"keeps the top rooms apart, in tests too": {
			file("web/handle_test.go", own+"dashboard"),
			[]string{"web/handle_test.go: imports github.com/retort-go/retort/dashboard: web and dashboard are used apart"},
		},
		"lets migrate see its own sub-rooms": {
			file("migrate/autogenerate/compare.go", own+"migrate", own+"migrate/catalog"), nil,
		},

		"refuses the import of a service": {
			file("bench/cmd/bench/main.go", own+"services/privacyrights"),
			[]string{"bench/cmd/bench/main.go: imports github.com/retort-go/retort/services/privacyrights: services stand on"},
		},
		"keeps a service out of internal": {
			file("services/privacyrights/main.go", own+"internal/flight", own+"services/internal/browser"),
			[]string{"services/privacyrights/main.go: imports github.com/retort-go/retort/internal/flight: a reference service"},
		},

		"lets unsafe into the mapper and the poll call": {
			file("internal/flight/poll_linux.go", "unsafe"), nil,
		},
		"keeps unsafe out of the rest of a flight": {
			file("internal/flight/conn.go", "unsafe"), []string{"internal/flight/conn.go: imports unsafe"},
		},
		"keeps unsafe out of tests": {
			file("pool/pool_test.go", "unsafe"), []string{"pool/pool_test.go: imports unsafe"},
		},

		"refuses a file of 401 lines": {
			archtest.File{Path: "pool/pool.go", Lines: 401}, []string{"pool/pool.go: 401 lines"},
		},
		"allows a file of 400 lines": {
			archtest.File{Path: "pool/pool.go", Lines: 400}, nil,
		},
		"allows a long file that was generated": {
			archtest.File{Path: "pool/pool.go", Lines: 900, Generated: true}, nil,
		},
		"allows a long test": {
			archtest.File{Path: "pool/pool_test.go", Lines: 900}, nil,
		},

		"refuses a file named util": {
			file("pool/util.go"), []string{"pool/util.go: named util"},
		},
		"refuses a test of helpers": {
			file("pool/helpers_test.go"), []string{"pool/helpers_test.go: named helpers_test"},
		},
		"refuses a folder named common": {
			file("services/common/x.go"), []string{"services/common/x.go: named common"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, v := range archtest.Check([]archtest.File{test.file}) {
				got = append(got, v.String())
			}
			if len(got) != len(test.want) {
				t.Fatalf("got %d violations, want %d:\n%s", len(got), len(test.want), strings.Join(got, "\n"))
			}
			for i := range got {
				if !strings.HasPrefix(got[i], test.want[i]) {
					t.Errorf("got  %s\nwant %s…", got[i], test.want[i])
				}
			}
		})
	}
}

func TestLinked_refuses_a_module_that_nobody_expects(t *testing.T) {
	t.Parallel()
	got := archtest.Linked("root and web", []string{archtest.Module, "github.com/jackc/pgx/v5", "golang.org/x/sync"})
	want := []archtest.Violation{{
		Path: "root and web", What: "links golang.org/x/sync",
		Reason: "who imports the root and web gets pgx and a UUID library, nothing else",
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("violations (-want +got):\n%s", diff)
	}
}

// A drawing in which two rows name one folder, or a room could import a
// stranger, would let rules pass by accident.
func TestHouse_is_drawn_once(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, room := range archtest.House() {
		if seen[room.Dir] {
			t.Errorf("%s is drawn twice", room.Dir)
		}
		seen[room.Dir] = true
	}
	for _, name := range archtest.Strangers() {
		if !seen[name] {
			t.Errorf("%s is kept apart and not drawn", name)
		}
	}
}

func file(path string, imports ...string) archtest.File {
	return archtest.File{Path: path, Imports: imports, Lines: 1}
}
