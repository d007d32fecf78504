package cli

import (
	"cmp"
	"slices"
	"strings"

	"github.com/retort-go/retort/migrate"
	"github.com/retort-go/retort/migrate/catalog"
	"github.com/retort-go/retort/migrate/hazard"
	"github.com/retort-go/retort/migrate/lint"
)

// lintLive looks at revisions with what the database has now: its version, and the
// types of columns for those that are not applied.
func (c *call) lintLive(h *migrate.History, opts lint.Options) (func(*migrate.Revision) []lintItem, error) {
	r, err := c.runnerOf(h, nil)
	if err != nil {
		return nil, err
	}
	st, err := r.Status(c.ctx())
	if err != nil {
		return nil, err
	}
	return c.lintPending(st.Pending, opts)
}

// lintPending is lintLive for revisions that are known to wait, in their order.
func (c *call) lintPending(pending []*migrate.Revision, opts lint.Options) (func(*migrate.Revision) []lintItem, error) {
	eng, err := c.open()
	if err != nil {
		return nil, err
	}
	database, err := catalog.Read(c.ctx(), eng, catalog.Options{})
	if err != nil {
		return nil, err
	}
	opts.Version = cmp.Or(opts.Version, database.Version/10000)
	// Each is looked at once the ones before it have changed what they change.
	types, found := &columnTypes{database: database, changed: map[string]bool{}}, map[string][]lintItem{}
	live := opts
	if live.Type == nil {
		live.Type = types.of
	}
	for _, r := range pending {
		found[r.ID] = lintOf(r, live)
		types.change(r)
	}
	return func(r *migrate.Revision) []lintItem {
		if slices.Contains(pending, r) {
			return found[r.ID]
		}
		return lintOf(r, opts)
	}, nil
}

// columnTypes are the types that columns have in the database, as far as no revision
// that waits changes them.
type columnTypes struct {
	database *catalog.Catalog
	changed  map[string]bool // tables, and columns behind a NUL byte
}

// of is the type of a column as format_type writes it, "" where it is not known.
func (t *columnTypes) of(table, column string) string {
	if t.changed[table] || t.changed[table+"\x00"+column] {
		return ""
	}
	namespace, name, ok := strings.Cut(table, ".")
	if !ok {
		namespace, name = t.database.Namespace, table
	}
	found, ok := t.database.Table(namespace, name)
	if !ok {
		return ""
	}
	col, ok := found.Column(column)
	if !ok {
		return ""
	}
	return col.Type
}

// change notes what a revision changes; the names that it gives mean something else
// from then on.
func (t *columnTypes) change(r *migrate.Revision) {
	for i := range r.Up {
		for _, a := range lint.Read(r.Up[i].SQL) {
			switch {
			case a.Form == hazard.RenameTable:
				t.changed[a.Table], t.changed[a.To] = true, true
			case a.Form == hazard.CreateTable, a.Form == hazard.DropTable, a.Form == hazard.CreateTableAs:
				t.changed[a.Table] = true
			case a.Column != "":
				t.changed[a.Table+"\x00"+a.Column] = true
				t.changed[a.Table+"\x00"+a.To] = true
			}
		}
	}
}
