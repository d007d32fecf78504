package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/retort-go/retort/migrate"
	"github.com/retort-go/retort/migrate/lint"
)

// shells are those that completion knows.
var shells = []string{"bash", "zsh", "fish", "powershell"}

func (a *app) completionCmd() *command {
	return a.command("completion shell", "Print the script by which a shell completes commands", `
For bash, zsh, fish or powershell. A line of the shell's start-up file loads it,
with the program's name for PROGRAM: source <(PROGRAM completion bash), the same
with zsh, PROGRAM completion fish | source, and PROGRAM completion powershell |
Out-String | Invoke-Expression. Bash needs its package bash-completion. Ids of
revisions are completed, too.`, func(c *call) (answer, error) {
		text, err := shellScript(c.args[0], typed(c.cmd.Root()))
		if err != nil {
			return nil, err
		}
		return completion{c.args[0], text}, nil
	})
}

type completion struct {
	Shell  string `json:"shell"`
	Script string `json:"script"`
}

func (s completion) text(p *page) { p.line("%s", strings.TrimSuffix(s.Script, "\n")) }

// typed are the words that a user types to reach the root of the commands: more than
// the program's name where the program itself has picked our arguments out.
func typed(root *command) []string {
	if root.Name() != "db" {
		return []string{root.Name()} // the program's own root asks us by itself
	}
	return strings.Fields(root.DisplayName())
}

// shellScript is what cobra writes for a program of the first word, which is to be asked
// with the other words before anything else.
func shellScript(shell string, words []string) (string, error) {
	var b strings.Builder
	var err error
	named := &cobra.Command{Use: words[0]}
	switch shell {
	case "bash":
		err = named.GenBashCompletionV2(&b, true)
	case "zsh":
		err = named.GenZshCompletion(&b)
	case "fish":
		err = named.GenFishCompletion(&b, true)
	case "powershell":
		err = named.GenPowerShellCompletionWithDesc(&b)
	default:
		return "", misuse("%q is no shell that can be told; there are %s", shell, list(shells))
	}
	const ask = " " + cobra.ShellCompRequestCmd + " "
	return strings.ReplaceAll(b.String(), ask, " "+strings.Join(append(words[1:len(words):len(words)], ""), " ")+ask[1:]), err
}

// asked are the arguments for a root whose scripts ask it with all that was typed
// behind the program's name; ok is false when that is no command of ours.
func asked(root *command, args []string) (_ []string, ok bool) {
	if len(args) == 0 || args[0] != cobra.ShellCompRequestCmd || root.Name() != "db" || root.HasParent() {
		return args, true
	}
	words := typed(root)[1:]
	if len(args) < len(words)+2 || !slices.Equal(args[1:1+len(words)], words) {
		return nil, false
	}
	return slices.Concat(args[:1], args[1+len(words):]), true
}

// passUp answers a shell that asks for what is not ours: it may offer files.
func passUp(w io.Writer) { fmt.Fprintf(w, ":%d\n", cobra.ShellCompDirectiveDefault) }

// complete says what the arguments and flags of a command are.
func (a *app) complete(cmd *command) {
	switch cmd.Name() {
	case "upgrade", "plan":
		cmd.ValidArgsFunction = a.revisionIDs("head", "heads", "+1")
	case "downgrade":
		cmd.ValidArgsFunction = a.revisionIDs("base")
	case "stamp":
		cmd.ValidArgsFunction = a.revisionIDs("head", "heads", "base")
	case "show", "squash":
		cmd.ValidArgsFunction = a.revisionIDs("head")
	case "merge":
		cmd.ValidArgsFunction = a.revisionIDs("heads")
	case "lint":
		cmd.ValidArgsFunction = a.revisionIDs()
	case "adopt":
		cmd.ValidArgsFunction = func(_ *command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return []string{"alembic", "goose", "golang-migrate"}, cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveFilterDirs
		}
	case "manifest":
		cmd.ValidArgsFunction = func(*command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		}
	case "completion":
		cmd.ValidArgsFunction = cobra.FixedCompletions(shells, cobra.ShellCompDirectiveNoFileComp)
	}
	for _, name := range []string{"parent", "depends"} {
		if cmd.Flags().Lookup(name) != nil {
			_ = cmd.RegisterFlagCompletionFunc(name, a.revisionIDs()) // fails only where there is no such flag
		}
	}
	if cmd.Flags().Lookup("off") != nil {
		var all []string
		for _, r := range lint.Rules() {
			all = append(all, r.ID)
		}
		_ = cmd.RegisterFlagCompletionFunc("off", cobra.FixedCompletions(all, cobra.ShellCompDirectiveNoFileComp))
	}
}

// revisionIDs completes ids of the files, each with its message, and words.
func (a *app) revisionIDs(words ...string) cobra.CompletionFunc {
	return func(cmd *command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 && !strings.Contains(cmd.Use, "...") {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		all := slices.Clone(words)
		h, err := (&call{app: a, cmd: cmd, stale: true}).history()
		if err != nil {
			return all, cobra.ShellCompDirectiveNoFileComp // the command itself will say why
		}
		for _, r := range newestFirst(h.Revisions()) {
			if !slices.Contains(args, r.ID) {
				all = append(all, described(r))
			}
		}
		return all, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	}
}

// described is an id with its message, as cobra wants them.
func described(r *migrate.Revision) string {
	return cobra.CompletionWithDesc(r.ID, strings.ReplaceAll(r.Message, "\n", " "))
}
