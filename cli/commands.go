package cli

import "github.com/spf13/cobra"

// command is a short name for what every command's constructor returns.
type command = cobra.Command

// group is a part of the list that help prints.
type group struct {
	id, title string
	commands  []*command
}

// groups lists the subcommands.
func (a *app) groups() []group {
	return []group{
		{"daily", "Every day:", []*command{
			a.revisionCmd(), a.upgradeCmd(), a.downgradeCmd(), a.currentCmd(), a.checkCmd(), a.planCmd(), a.historyCmd(), a.showCmd(),
		}},
		{"files", "Revision files:", []*command{
			a.initCmd(), a.headsCmd(), a.branchesCmd(), a.mergeCmd(), a.lintCmd(), a.sqlCmd(), a.squashCmd(),
		}},
		{"database", "The database:", []*command{
			a.doctorCmd(), a.stampCmd(), a.repairCmd(), a.adoptCmd(), a.inspectCmd(), a.erdCmd(), a.manifestCmd(), a.rolesCmd(),
		}},
		{"", "", []*command{a.completionCmd()}},
	}
}

// add adds the subcommands to db.
func (a *app) add(db *command) {
	for _, g := range a.groups() {
		if g.id != "" { // what is left stands below "Additional Commands"
			db.AddGroup(&cobra.Group{ID: g.id, Title: g.title})
		}
		for _, c := range g.commands {
			c.GroupID = g.id
			a.complete(c)
			db.AddCommand(c)
		}
	}
}
