package localpg

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fake is a folder of pretended programs.
func fake(t *testing.T, name string) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("testdata", "find", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestFind(t *testing.T) {
	t.Parallel()
	usual := []string{fake(t, "usual/*/bin")}
	tests := []struct {
		name   string
		f      finder
		binDir string
		want   Binaries
	}{
		{
			"takes_the_newest_of_the_usual_folders",
			finder{usual: usual},
			"",
			Binaries{fake(t, "usual/17beta1/bin"), "17beta1", 17},
		},
		{
			"orders_minor_versions_as_numbers",
			finder{usual: []string{fake(t, "usual/15*/bin")}},
			"",
			Binaries{fake(t, "usual/15.10/bin"), "15.10", 15},
		},
		{
			"prefers_PATH_to_the_usual_folders",
			finder{path: []string{"", "/nowhere", fake(t, "usual/15.2/bin")}, usual: usual},
			"",
			Binaries{fake(t, "usual/15.2/bin"), "15.2", 15},
		},
		{
			"passes_over_wrappers_and_old_versions_in_PATH",
			finder{path: []string{fake(t, "odd/nonsense"), fake(t, "usual/13.4/bin"), fake(t, "usual/15.2/bin")}},
			"",
			Binaries{fake(t, "usual/15.2/bin"), "15.2", 15},
		},
		{
			"goes_behind_a_link_in_PATH",
			finder{path: []string{fake(t, "links")}},
			"",
			Binaries{fake(t, "usual/15.10/bin"), "15.10", 15},
		},
		{
			"prefers_PG_BIN_to_PATH",
			finder{pgBin: fake(t, "usual/15.10/bin"), path: []string{fake(t, "usual/15.2/bin")}},
			"",
			Binaries{fake(t, "usual/15.10/bin"), "15.10", 15},
		},
		{
			"prefers_the_given_folder_to_all",
			finder{pgBin: fake(t, "usual/15.10/bin")},
			fake(t, "usual/15.2/bin"),
			Binaries{fake(t, "usual/15.2/bin"), "15.2", 15},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.f.find(tt.binDir)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestFind_fails(t *testing.T) {
	t.Parallel()
	root := fake(t, "")
	tests := []struct {
		name   string
		f      finder
		binDir string
		want   []Looked
	}{
		{
			"with_all_that_was_looked_at",
			finder{path: []string{fake(t, "odd/fails"), fake(t, "odd/alone"), fake(t, "odd/nonsense")}, usual: []string{fake(t, "usual/13*/bin"), fake(t, "none/*")}},
			"",
			[]Looked{
				{"PG_BIN", "not set"},
				{"PATH ROOT/odd/fails", "postgres --version fails: exit status 3"},
				{"PATH ROOT/odd/alone", "no initdb in it"},
				{"PATH ROOT/odd/nonsense", `postgres --version says "pg_wrapper: no cluster"`},
				{"ROOT/usual/13.4/bin", "PostgreSQL 13.4 is older than 14"},
				{"ROOT/none/*", "nothing there"},
			},
		},
		{
			"for_a_wrong_PG_BIN_although_PATH_has_one",
			finder{pgBin: "/nowhere", path: []string{fake(t, "usual/15.2/bin")}},
			"",
			[]Looked{{"PG_BIN /nowhere", "no postgres in it"}},
		},
		{
			"for_a_wrong_given_folder_although_PG_BIN_is_right",
			finder{pgBin: fake(t, "usual/15.2/bin")},
			"/nowhere",
			[]Looked{{"Config.BinDir /nowhere", "no postgres in it"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := tt.f.find(tt.binDir)
			var nf *NotFoundError
			if !errors.As(err, &nf) {
				t.Fatalf("error %v", err)
			}
			for i := range nf.Looked {
				nf.Looked[i].Where = strings.ReplaceAll(nf.Looked[i].Where, root, "ROOT")
			}
			if diff := cmp.Diff(tt.want, nf.Looked); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestFind_finds_what_this_machine_has(t *testing.T) {
	t.Parallel()
	bin, err := Find("")
	if err != nil {
		t.Fatal(err)
	}
	if bin.Major < oldestMajor || !strings.HasPrefix(bin.Version, "1") || !exists(bin.Path("initdb")) {
		t.Errorf("%+v", bin)
	}
	t.Logf("PostgreSQL %s in %s", bin.Version, bin.Dir)
}

func TestNotFoundError_reads_as_the_golden_text(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("paths differ")
	}
	_, err := finder{usual: []string{"/usr/lib/postgresql-none/*/bin"}}.find("")
	want, rerr := os.ReadFile("testdata/not_found.golden")
	if rerr != nil {
		t.Fatal(rerr)
	}
	if diff := cmp.Diff(strings.TrimSuffix(string(want), "\n"), err.Error()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
