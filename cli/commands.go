package cli

import "github.com/spf13/cobra"

// command is a short name for what every command's constructor returns.
type command = cobra.Command

// commands lists the subcommands.
func (a *app) commands() []*command {
	return []*command{
		a.initCmd(), a.revisionCmd(), a.mergeCmd(),
		a.upgradeCmd(), a.downgradeCmd(), a.planCmd(), a.currentCmd(), a.checkCmd(), a.stampCmd(), a.repairCmd(),
		a.headsCmd(), a.branchesCmd(), a.historyCmd(), a.showCmd(),
		a.sqlCmd(), a.squashCmd(), a.adoptCmd(), a.inspectCmd(), a.erdCmd(), a.lintCmd(), a.manifestCmd(), a.doctorCmd(),
	}
}
