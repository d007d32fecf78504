package autogenerate

import (
	"strings"

	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/migrate/catalog"
)

// identityIndex is the index that REPLICA IDENTITY names.
func identityIndex(identity string) string {
	name, ok := strings.CutPrefix(identity, "USING INDEX ")
	if !ok {
		return ""
	}
	if quoted, ok := strings.CutPrefix(name, `"`); ok {
		return strings.ReplaceAll(strings.TrimSuffix(quoted, `"`), `""`, `"`)
	}
	return name
}

// identify makes an index the replica identity of its table where the index name was
// that, or comes back as that, and is built: without one, a published table takes no
// UPDATE or DELETE.
func (p *planner) identify(ref catalog.Ref, name, built string) {
	if !identifiedBy(p.from, ref, name) && !identifiedBy(p.to, ref, name) {
		return
	}
	for _, d := range p.diffs {
		if d.Kind == catalog.KindTable && d.Aspect == Replica && d.ref() == ref && d.Model != d.Database {
			return // it shall be another
		}
	}
	p.step(Together, "ALTER TABLE "+p.table(ref)+" REPLICA IDENTITY USING INDEX "+sqltext.Ident(built))
}

// replicas makes an index the replica identity when it is there.
func (p *planner) replicas() {
	p.each(catalog.KindTable, func(d Difference) {
		if name := identityIndex(d.Model); d.Action == Alter && d.Aspect == Replica && name != "" {
			p.step(Together, "ALTER TABLE "+p.table(d.ref())+" REPLICA IDENTITY USING INDEX "+sqltext.Ident(name))
		}
	})
}

// identifiedBy reports whether an index is the replica identity of its table.
func identifiedBy(c *catalog.Catalog, ref catalog.Ref, index string) bool {
	t, ok := c.Table(ref.Namespace, ref.Name)
	return ok && identityIndex(t.Identity) == index
}
