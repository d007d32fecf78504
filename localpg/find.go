package localpg

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// oldestMajor is the oldest major version that Retort supports.
const oldestMajor = 14

// Binaries is one installed PostgreSQL.
type Binaries struct {
	Dir     string // the bin folder
	Version string // "15.18"
	Major   int
}

// Path is the full name of one program, such as "initdb".
func (b Binaries) Path(program string) string {
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	return filepath.Join(b.Dir, program)
}

// Find looks for PostgreSQL's server programs on this machine.
//
//   - Shape: binDir alone when it is given, else the folder named by PG_BIN
//     alone when that is set, else the folders of PATH in their order, else the
//     usual folders of packages, newest version first.
//   - Errors: [*NotFoundError].
func Find(binDir string) (Binaries, error) {
	return finder{
		pgBin: os.Getenv("PG_BIN"),
		path:  filepath.SplitList(os.Getenv("PATH")),
		usual: usualFolders(runtime.GOOS),
	}.find(binDir)
}

// usualFolders are patterns of the places where packages put the server.
func usualFolders(goos string) []string {
	switch goos {
	case "windows":
		return []string{`C:\Program Files\PostgreSQL\*\bin`}
	case "darwin":
		return []string{
			"/opt/homebrew/opt/postgresql*/bin",
			"/usr/local/opt/postgresql*/bin",
			"/Applications/Postgres.app/Contents/Versions/*/bin",
			"/Library/PostgreSQL/*/bin",
			"/opt/local/lib/postgresql*/bin",
		}
	}
	return []string{
		"/usr/lib/postgresql/*/bin", // Debian, Ubuntu
		"/usr/pgsql-*/bin",          // PGDG on Fedora and RHEL
		"/usr/libexec/postgresql*",  // Alpine
		"/usr/lib/postgresql*/bin",  // SUSE
		"/usr/local/pgsql/bin",      // built from source
		"/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
	}
}

// finder is what the search depends on, so that tests can choose it.
type finder struct {
	pgBin string
	path  []string
	usual []string
}

func (f finder) find(binDir string) (Binaries, error) {
	for _, only := range []struct{ name, dir string }{{"Config.BinDir", binDir}, {"PG_BIN", f.pgBin}} {
		if only.dir == "" {
			continue
		}
		b, err := inspect(only.dir)
		if err != nil {
			return Binaries{}, &NotFoundError{Looked: []Looked{{only.name + " " + only.dir, err.Error()}}}
		}
		return b, nil
	}
	looked := []Looked{{"PG_BIN", "not set"}}
	b, inPath, ok := f.findInPath()
	if ok {
		return b, nil
	}
	looked = append(looked, inPath...)
	b, inUsual, ok := f.findInUsual()
	if ok {
		return b, nil
	}
	return Binaries{}, &NotFoundError{Looked: append(looked, inUsual...)}
}

func (f finder) findInPath() (Binaries, []Looked, bool) {
	var looked []Looked
	for _, dir := range f.path {
		if dir == "" || !exists(Binaries{Dir: dir}.Path("postgres")) {
			continue
		}
		b, err := inspect(dir)
		if err == nil {
			return b, nil, true
		}
		looked = append(looked, Looked{"PATH " + dir, err.Error()})
	}
	if len(looked) == 0 {
		looked = []Looked{{"PATH", "no folder in it holds postgres"}}
	}
	return Binaries{}, looked, false
}

func (f finder) findInUsual() (Binaries, []Looked, bool) {
	var found []Binaries
	var looked []Looked
	for _, pattern := range f.usual {
		dirs, _ := filepath.Glob(pattern)
		if len(dirs) == 0 {
			looked = append(looked, Looked{pattern, "nothing there"})
		}
		for _, dir := range dirs {
			b, err := inspect(dir)
			if err != nil {
				looked = append(looked, Looked{dir, err.Error()})
				continue
			}
			found = append(found, b)
		}
	}
	if len(found) == 0 {
		return Binaries{}, looked, false
	}
	newest := slices.MaxFunc(found, func(a, b Binaries) int {
		return cmp.Or(cmp.Compare(a.Major, b.Major), cmp.Compare(minor(a.Version), minor(b.Version)))
	})
	return newest, nil, true
}

// "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", "18beta1", "17devel".
var versionLine = regexp.MustCompile(`^postgres \(PostgreSQL\) ((\d+)\S*)`)

// inspect asks the programs of one folder what they are. The folder behind
// symbolic links is the answer where it is complete: wrapper scripts and link
// farms on the PATH are then out of the way.
func inspect(dir string) (Binaries, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return Binaries{}, err
	}
	b := Binaries{Dir: dir}
	if real, err := filepath.EvalSymlinks(b.Path("postgres")); err == nil {
		if r := (Binaries{Dir: filepath.Dir(real)}); exists(r.Path("postgres")) && exists(r.Path("initdb")) {
			b = r
		}
	}
	for _, program := range []string{"postgres", "initdb"} {
		if !exists(b.Path(program)) {
			return Binaries{}, fmt.Errorf("no %s in it", program)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, b.Path("postgres"), "--version")
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		return Binaries{}, fmt.Errorf("postgres --version fails: %w", err)
	}
	m := versionLine.FindStringSubmatch(string(out))
	if m == nil {
		return Binaries{}, fmt.Errorf("postgres --version says %q", firstLine(string(out)))
	}
	b.Version = m[1]
	b.Major, _ = strconv.Atoi(m[2])
	if b.Major < oldestMajor {
		return Binaries{}, fmt.Errorf("PostgreSQL %s is older than %d", b.Version, oldestMajor)
	}
	return b, nil
}

// minor is the number behind the dot, -1 where there is none (a beta).
func minor(version string) int {
	_, after, ok := strings.Cut(version, ".")
	if !ok {
		return -1
	}
	n, err := strconv.Atoi(after)
	if err != nil {
		return -1
	}
	return n
}

func exists(file string) bool {
	info, err := os.Stat(file)
	return err == nil && !info.IsDir()
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	if len(s) > 120 {
		s = s[:120] + "…"
	}
	return s
}
