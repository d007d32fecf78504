package retorttest

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/internal/statement"
	"github.com/retort-go/retort/migrate/manifest"
)

// envManifest names the folder into which kits write what was sent through them.
const envManifest = "RETORT_MANIFEST"

// recorder notes what goes to the server, by its text.
type recorder struct {
	mu   sync.Mutex // guards what follows
	sent map[string]*sending
}

// sending is one text: the types sent with it, and where it came from.
type sending struct {
	oids []uint32
	from map[string]bool
}

func (r *recorder) at(sql string) *sending {
	// What Retort adds behind SQL of the user's own is not the program's text.
	if text, origin, ok := strings.Cut(sql, "\n/* retort:"); ok && strings.HasSuffix(origin, " */") {
		sql = text
	}
	if r.sent[sql] == nil {
		r.sent[sql] = &sending{from: map[string]bool{}}
	}
	return r.sent[sql]
}

// FlightStart notes whose code sends.
func (r *recorder) FlightStart(ctx context.Context, f retort.FlightInfo) context.Context {
	var from []string
	if route := retort.LabelsOf(ctx).Route; route != "" {
		from = append(from, route)
	}
	if file := sender(); file != "" {
		from = append(from, file)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, sql := range f.Statements {
		if !work(sql) || !recordable(sql) {
			continue
		}
		s := r.at(sql)
		if i < len(f.Types) && len(s.oids) == 0 {
			s.oids = slices.Clone(f.Types[i])
		}
		for _, place := range from {
			s.from[place] = true
		}
	}
	return ctx
}

// FlightEnd is of no interest.
func (*recorder) FlightEnd(context.Context, retort.FlightInfo) {}

// recordable leaves out what no change of a schema can break, what Retort asks for
// its own sake, and COPY … TO, whose text holds values.
func recordable(sql string) bool {
	for _, own := range []string{"types", "create_all", "catalog.", "verify", "autogenerate.", "snapshot"} {
		if strings.HasPrefix(sql, "/* retort:"+own) {
			return false
		}
	}
	switch statement.FirstWord(sql) {
	case "SET", "RESET", "SHOW", "LISTEN", "UNLISTEN", "NOTIFY", "DISCARD", "DEALLOCATE", "CLOSE", "FETCH", "MOVE", "EXPLAIN", "":
		return false
	case "COPY":
		return statement.Checkable(sql) != sql
	default:
		return true
	}
}

// sender is the file, behind its folder, of the first function above the library
// and what lies between it and the program.
func sender() string {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	root := ""
	for {
		f, more := frames.Next()
		if root == "" { // this file
			root = path.Dir(path.Dir(f.File))
		}
		if !between(root, f) && f.File != "" {
			return path.Join(path.Base(path.Dir(f.File)), path.Base(f.File))
		}
		if !more {
			return ""
		}
	}
}

// between reports whether a function is the library's own, or of what stands
// between it and the program. The library is known by its files: what the compiler
// inlines is called by the name of the function that it is in.
func between(root string, f runtime.Frame) bool {
	if dir := path.Dir(f.File); !strings.HasSuffix(f.File, "_test.go") {
		for _, own := range []string{root, root + "/web", root + "/retorttest"} {
			if dir == own {
				return true
			}
		}
		if strings.HasPrefix(dir, root+"/internal/") {
			return true
		}
	}
	for _, prefix := range []string{"github.com/jackc/pgx/", "database/sql.", "net/http.", "runtime.", "testing.", "iter.", "slices."} {
		if strings.HasPrefix(f.Function, prefix) {
			return true
		}
	}
	return false
}

// Record notes what an engine sends that a test opens itself, as [New] does for its
// own: where RETORT_MANIFEST names a folder, a part of the manifest is written there
// when the test is over; see package migrate/manifest. Without it nothing is done.
//
//		cfg := retort.Config{Base: base, URL: db.URL()}
//		retorttest.Record(t, &cfg)
//		eng, err := retort.Open(cfg)
//
//	  - Shape: cfg gets an observer and the URL of a proxy, which has no TLS. The
//	    database must live until the test ends.
//	  - Errors: the test fails.
func Record(tb testing.TB, cfg *retort.Config) {
	tb.Helper()
	if r := record(tb, cfg.URL); r != nil {
		cfg.Observer = retort.Observers(cfg.Observer, r)
	}
}

// record makes a recorder that writes its part when the test is over; nil when
// nobody asks for one.
func record(tb testing.TB, url string) *recorder {
	tb.Helper()
	dir := os.Getenv(envManifest)
	if dir == "" {
		return nil
	}
	r := &recorder{sent: map[string]*sending{}}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		m, err := r.described(ctx, tb, url)
		if err == nil && len(m.Statements) > 0 {
			err = writePart(dir, databaseName(tb.Name()), m)
		}
		if err != nil {
			tb.Errorf("retorttest: %s: %v", envManifest, err)
		}
	})
	return r
}

func writePart(dir, name string, m *manifest.Manifest) error {
	var text bytes.Buffer
	if err := m.Write(&text); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%d.manifest.json", name, os.Getpid())), text.Bytes(), 0o644)
}

// described asks the server about what was sent, in a transaction that ends in
// ROLLBACK.
func (r *recorder) described(ctx context.Context, tb testing.TB, url string) (*manifest.Manifest, error) {
	tb.Helper()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	tx, err := conn.Begin(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	r.mu.Lock()
	defer r.mu.Unlock()
	m := &manifest.Manifest{Format: manifest.Format}
	tables, types := map[[2]string]bool{}, map[string]bool{}
	for _, sql := range slices.Sorted(maps.Keys(r.sent)) {
		s, err := statementOf(ctx, conn, sql, r.sent[sql], tables, types)
		if err != nil { // its table may have been the test's own
			tb.Logf("retorttest: %s: left out, as the database at the end of the test does not know it: %v\n%s", envManifest, err, sql)
			continue
		}
		m.Statements = append(m.Statements, s)
	}
	if err := facts(ctx, conn, m, tables, types); err != nil {
		return nil, err
	}
	return m, nil
}

func statementOf(ctx context.Context, conn *pgx.Conn, sql string, sent *sending, tables map[[2]string]bool, types map[string]bool) (manifest.Statement, error) {
	params, err := names(ctx, conn, sent.oids)
	if err != nil {
		return manifest.Statement{}, err
	}
	d, err := statement.Describe(ctx, conn, statement.Checkable(sql), params)
	if err != nil {
		return manifest.Statement{}, err
	}
	s := manifest.Statement{Label: label(sql), From: slices.Sorted(maps.Keys(sent.from)), SQL: sql, Params: params}
	for _, name := range d.Params {
		types[name] = true
	}
	for _, c := range d.Columns {
		s.Columns = append(s.Columns, manifest.Column(c))
		types[c.Type] = true
	}
	for _, u := range d.Uses {
		s.Uses = append(s.Uses, u.Namespace+"."+u.Table+"."+u.Column)
		tables[[2]string{u.Namespace, u.Table}] = true
	}
	for _, w := range d.Writes {
		s.Writes = append(s.Writes, manifest.Write{Operation: strings.ToUpper(w.Operation), Table: w.Namespace + "." + w.Table, Empty: w.Empty})
		tables[[2]string{w.Namespace, w.Table}] = true
	}
	return s, nil
}

// label is the origin in the comment that Retort writes, raw for text without one.
func label(sql string) string {
	_, rest, _ := strings.Cut(sql, "/* retort:")
	origin, _, _ := strings.Cut(rest, " */")
	return cmp.Or(origin, "raw")
}

func names(ctx context.Context, conn *pgx.Conn, oids []uint32) ([]string, error) {
	if len(oids) == 0 {
		return nil, nil
	}
	wide := make([]int64, len(oids))
	for i, oid := range oids {
		wide[i] = int64(oid)
	}
	rows, err := conn.Query(ctx, `SELECT CASE WHEN t IN (0, 705) THEN '' ELSE pg_catalog.format_type(t::oid, NULL) END
		FROM pg_catalog.unnest($1::int8[]) WITH ORDINALITY u(t, n) ORDER BY n`, wide)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// facts adds what the statements rely on.
func facts(ctx context.Context, conn *pgx.Conn, m *manifest.Manifest, tables map[[2]string]bool, types map[string]bool) error {
	found, err := statement.Tables(ctx, conn, slices.SortedFunc(maps.Keys(tables), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }))
	if err != nil {
		return err
	}
	for _, t := range found {
		out := manifest.Table{Name: t.Namespace + "." + t.Name, Rules: map[string]string{}}
		for _, c := range t.Columns {
			out.Columns = append(out.Columns, manifest.TableColumn(c))
		}
		for _, r := range t.Rules {
			out.Rules[r.Name] = r.Definition
		}
		m.Tables = append(m.Tables, out)
	}
	enums, err := statement.Enums(ctx, conn, slices.Sorted(maps.Keys(types)))
	for _, e := range enums {
		m.Enums = append(m.Enums, manifest.Enum(e))
	}
	return err
}
