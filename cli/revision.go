package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/retort-go/retort/migrate"
	"github.com/retort-go/retort/migrate/autogenerate"
	"github.com/retort-go/retort/migrate/catalog"
)

func (a *app) revisionCmd() *command {
	cmd := a.command("revision", "Make a new revision", `
Without --autogenerate the file is empty, to be filled by hand. With it the
database is compared with the models, and the file holds what leads from one to
the other and back: read it before you run it.

What is called otherwise now looks like something that goes and something that
comes. In a terminal you are asked; elsewhere say --rename-column
table.old=new, --rename-table old=new, or --rename-type old=new.`, (*call).revise)
	f := cmd.Flags()
	f.StringP("message", "m", "", "what the revision is about (required)")
	f.Bool("autogenerate", false, "fill it with what leads from the database to the models")
	f.String("id", "", "the revision's id (default: made by chance)")
	f.StringSlice("parent", nil, "the revisions that it follows (default: the head)")
	f.StringSlice("depends", nil, "revisions of other branches that it needs")
	f.Bool("splice", false, "allow a parent that is no head, so that the history branches")
	f.StringArray("rename-table", nil, "a table that has another name now, as old=new")
	f.StringArray("rename-column", nil, "a column that has another name now, as table.old=new")
	f.StringArray("rename-type", nil, "a type that has another name now, as old=new")
	f.Bool("drop-unclaimed", false, "also drop what no model names")
	return cmd
}

func (c *call) revise() (answer, error) {
	if strings.TrimSpace(c.value("message")) == "" {
		return nil, failed(Misused, fmt.Errorf("the revision wants a message"), c.next(`revision -m "add due date"`))
	}
	h, err := c.written()
	if err != nil {
		return nil, err
	}
	if err := c.free(h); err != nil {
		return nil, err
	}
	r := &migrate.Revision{Message: c.value("message")}
	if r.Parents, err = c.parents(h); err != nil {
		return nil, err
	}
	if r.Depends, err = find(h, c.values("depends")); err != nil {
		return nil, err
	}
	if !c.on("autogenerate") {
		return c.add(h, r)
	}
	if err := c.upToDate(h); err != nil {
		return nil, err
	}
	found, err := c.generate()
	if err != nil {
		return nil, err
	}
	said := generated{Differences: []string{}, Suspects: c.suspects(found)}
	for _, d := range found.Differences {
		said.Differences = append(said.Differences, d.String())
	}
	if len(found.Differences) == 0 {
		return said, nil
	}
	plan := found.Plan.Revision()
	r.Up, r.Down = plan.Up, plan.Down
	added, err := c.add(h, r)
	if err != nil {
		return nil, err
	}
	said.made, _ = added.(made)
	said.Hazards = hazards(found.Plan)
	return said, nil
}

// upToDate refuses a database that lacks revisions, whose changes would be written a
// second time, and one that has others than the files.
func (c *call) upToDate(h *migrate.History) error {
	if len(h.Revisions()) == 0 {
		return nil
	}
	r, err := c.runnerOf(h, nil)
	if err != nil {
		return err
	}
	st, err := r.Status(c.ctx())
	switch {
	case err != nil:
		return err
	case len(st.Problems) > 0: // what the files do not know would be undone
		return errors.Join(st.Problems...)
	case len(st.Pending) == 0:
		return nil
	}
	next := []string{c.next("upgrade")}
	if !st.Exists {
		next = append(next, c.next("stamp head"))
	}
	return failed(Disagree, fmt.Errorf("%s of the files %s not applied to this database, so their changes would be written a second time",
		count(len(st.Pending), "revision"), map[bool]string{true: "is", false: "are"}[len(st.Pending) == 1]), next...)
}

// parents are what a new revision follows: the head, unless told otherwise.
func (c *call) parents(h *migrate.History) ([]string, error) {
	names := c.values("parent")
	if len(names) == 0 {
		if len(h.Revisions()) == 0 {
			return nil, nil
		}
		names = []string{"head"}
	}
	ids, err := find(h, names)
	if err != nil || c.on("splice") {
		return ids, err
	}
	for _, id := range ids {
		if n := len(h.Children(id)); n > 0 {
			return nil, misuse("%s is no head: behind it comes %s; --splice allows the history to branch there", id, count(n, "revision"))
		}
	}
	return ids, nil
}

// find gives the ids that are meant by names.
func find(h *migrate.History, names []string) ([]string, error) {
	var ids []string
	for _, name := range names {
		if name == "base" {
			continue
		}
		r, err := h.Find(name)
		if err != nil {
			return nil, err
		}
		ids = append(ids, r.ID)
	}
	return ids, nil
}

// generate compares the database with the models, and asks a person about what
// may have another name.
func (c *call) generate() (*autogenerate.Candidate, error) {
	base, err := c.base()
	if err != nil {
		return nil, err
	}
	eng, err := c.open()
	if err != nil {
		return nil, err
	}
	cfg := c.cfg.Autogenerate
	cfg.Options.DropUnclaimed = cfg.Options.DropUnclaimed || c.on("drop-unclaimed")
	told, err := c.renames()
	if err != nil {
		return nil, err
	}
	cfg.Options.Renames = append(cfg.Options.Renames, told...)
	found, err := autogenerate.Generate(c.ctx(), eng, base, cfg)
	if err != nil || !c.person() {
		return found, err
	}
	var asked []autogenerate.Renaming
	known := map[string]bool{}
	for _, s := range found.Suspects() {
		from, to := s.Table+"."+s.From, s.Table+"."+s.To
		if known[from] || known[to] {
			continue
		}
		yes, err := c.ask(fmt.Sprintf("Is the %s %s called %s now? No: its data goes with it.", s.Kind, called(s, s.From), called(s, s.To)))
		if err != nil {
			return nil, err
		}
		if yes {
			asked, known[from], known[to] = append(asked, s), true, true
		}
	}
	if len(asked) == 0 {
		return found, nil
	}
	cfg.Options.Renames = append(cfg.Options.Renames, asked...)
	return autogenerate.Generate(c.ctx(), eng, base, cfg)
}

// called is the name of what may have been renamed, as flags and questions say it.
func called(r autogenerate.Renaming, name string) string {
	if r.Table != "" {
		name = r.Table + "." + name
	}
	if r.Namespace != "" && r.Namespace != "public" {
		name = r.Namespace + "." + name
	}
	return name
}

// renames reads the flags that tell of other names.
func (c *call) renames() ([]autogenerate.Renaming, error) {
	var all []autogenerate.Renaming
	for _, kind := range []catalog.Kind{catalog.KindTable, catalog.KindColumn, catalog.KindType} {
		flag := "rename-" + string(kind)
		for _, text := range c.values(flag) {
			old, to, ok := strings.Cut(text, "=")
			parts := strings.Split(old, ".")
			r := autogenerate.Renaming{Kind: kind, To: to[strings.LastIndex(to, ".")+1:], From: parts[len(parts)-1]}
			parts = parts[:len(parts)-1]
			if kind == catalog.KindColumn && len(parts) > 0 {
				r.Table, parts = parts[len(parts)-1], parts[:len(parts)-1]
			}
			if len(parts) > 0 {
				r.Namespace = parts[0]
			}
			if !ok || r.To == "" || r.From == "" || len(parts) > 1 || kind == catalog.KindColumn && r.Table == "" {
				form := "old=new"
				if kind == catalog.KindColumn {
					form = "table.old=new"
				}
				return nil, misuse("--%s %s: write %s, with the schema and a period before it where needed", flag, text, form)
			}
			all = append(all, r)
		}
	}
	return all, nil
}

// suspects are the flags that would tell of other names.
func (*call) suspects(found *autogenerate.Candidate) []string {
	var all []string
	for _, s := range found.Suspects() {
		all = append(all, fmt.Sprintf("--rename-%s %s=%s", s.Kind, called(s, s.From), s.To))
	}
	return all
}

// hazards are what to know before the plan runs up, each once.
func hazards(plan *autogenerate.Plan) []string {
	var all []string
	for _, s := range plan.Up {
		for _, h := range s.Hazards {
			if text := string(h.Kind) + ": " + h.Text; !slices.Contains(all, text) {
				all = append(all, text)
			}
		}
	}
	return all
}

// generated is the answer of revision --autogenerate.
type generated struct {
	made

	Differences []string `json:"differences"`
	Hazards     []string `json:"hazards,omitempty"`
	Suspects    []string `json:"suspects,omitempty"` // flags that would tell of other names
}

func (g generated) text(p *page) {
	if len(g.Differences) == 0 {
		p.line("the database is what the models say; nothing was written")
		return
	}
	for _, d := range g.Differences {
		p.line("%s", d)
	}
	for _, h := range g.Hazards {
		p.line("%s", p.paint(notice, "! "+h))
	}
	for _, s := range g.Suspects {
		p.line("%s", p.paint(notice, "? perhaps a new name; then data is lost this way: remove the file and run again with "+s))
	}
	g.made.text(p)
}
