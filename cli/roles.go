package cli

import (
	"strings"

	"github.com/retort-go/retort/migrate/roles"
)

func (a *app) rolesCmd() *command {
	cmd := a.command("roles owner app", "Print the script of an owner role and an app role", `
The owner runs revisions; the service connects as app, which works with rows and
can change no table. The script is for psql, and can be run again.`, func(c *call) (answer, error) {
		cfg := roles.Config{Owner: c.args[0], App: c.args[1], Schemas: c.values("schema"), Ledger: c.cfg.Migrate.Schema}
		text, err := cfg.Script()
		if err != nil {
			return nil, misuse("%w", err)
		}
		return roleScript{cfg.Owner, cfg.App, text}, nil
	})
	cmd.Flags().StringSlice("schema", nil, "the schemas of the tables (default public)")
	return cmd
}

type roleScript struct {
	Owner string `json:"owner"`
	App   string `json:"app"`
	SQL   string `json:"sql"`
}

func (s roleScript) text(p *page) { p.line("%s", strings.TrimRight(s.SQL, "\n")) }
