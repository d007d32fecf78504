package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// New makes the command "db" with all of its subcommands, to be executed by
// [Run] or added to a program's own cobra command.
//
//   - Shape: each call makes a new tree; nothing is opened or read before a
//     command runs.
//   - Errors: a command prints its own errors, with what to do next, and returns
//     them; [ExitCode] tells the exit code.
func New(cfg Config) *cobra.Command {
	if cfg.Dir == "" {
		cfg.Dir = "revisions"
	}
	a := &app{cfg: cfg, getenv: os.Getenv}
	db := &cobra.Command{
		Use:   "db",
		Short: "Change the database's schema by revisions",
		Long:  long,
		Args:  a.known, SuggestionsMinimumDistance: 2,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	if cfg.Name != "" {
		db.Annotations = map[string]string{cobra.CommandDisplayNameAnnotation: cfg.Name}
	}
	quiet(db)
	db.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		if secret(err.Error()) {
			err = errors.New("the value of a flag is the address of a database, which is not repeated here: it may hold a password")
		}
		return a.end(cmd, misuse("%w; --help lists the flags", err))
	})
	db.PersistentFlags().BoolVar(&a.json, "json", false, "print one JSON document instead of text")
	db.PersistentFlags().StringVar(&a.dir, "dir", "", fmt.Sprintf("folder of the revision files (default %s)", a.whence()))
	a.add(db)
	return db
}

const long = `Change the database's schema by revisions: files of SQL that lead up and down.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 check, lint, doctor or plan found
something, 4 busy (try again), 5 no connection, 6 files and database disagree,
130 interrupted.`

// Run executes what [New] made with the arguments behind the program's own, in
// this process's streams and environment, and returns the exit code.
//
//   - Shape: cmd is the command itself, or the root that it was added to.
//   - Errors: printed, not returned.
func Run(ctx context.Context, cmd *cobra.Command, args ...string) int {
	args, ours := asked(cmd, args)
	if !ours {
		passUp(cmd.OutOrStdout())
		return Done
	}
	cmd.SetArgs(args)
	return ExitCode(cmd.ExecuteContext(ctx))
}

// app is one tree of commands.
type app struct {
	cfg    Config
	getenv func(string) string

	json bool   // --json
	dir  string // --dir
}

// whence says in words where revisions come from without --dir.
func (a *app) whence() string {
	if a.cfg.Revisions != nil {
		return "the files in the program; new ones go to " + a.cfg.Dir
	}
	return a.cfg.Dir
}

// command makes one subcommand.
func (a *app) command(use, short, more string, run func(c *call) (answer, error)) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Long: short + ".\n\n" + strings.TrimSpace(more)}
	cmd.Args = func(cmd *cobra.Command, args []string) error { return a.arguments(cmd, args, use) }
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c := &call{app: a, cmd: cmd, args: args}
		said, err := run(c)
		return a.say(cmd, said, c.close(err))
	}
	cmd.ValidArgsFunction = cobra.NoFileCompletions
	quiet(cmd)
	return cmd
}

// quiet leaves errors and usage to us: cobra would print them twice, or to the
// wrong stream.
func quiet(cmd *cobra.Command) { cmd.SilenceErrors, cmd.SilenceUsage = true, true }

// known refuses a subcommand that does not exist.
func (a *app) known(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if err := misplaced(cmd, args); err != nil {
		return a.end(cmd, err)
	}
	hint := ""
	if like := cmd.SuggestionsFor(args[0]); len(like) > 0 {
		hint = "; did you mean " + strings.Join(like, " or ") + "?"
	}
	return a.end(cmd, failed(Misused, fmt.Errorf("there is no command %q%s", args[0], hint), cmd.CommandPath()+" --help"))
}

// arguments counts the arguments against the words of use: [x] may be missing,
// x… may be many.
func (a *app) arguments(cmd *cobra.Command, args []string, use string) error {
	words := strings.Fields(use)[1:]
	least, most := 0, len(words)
	for _, word := range words {
		if !strings.HasPrefix(word, "[") {
			least++
		}
		if strings.Contains(word, "...") {
			most = 1 << 20
		}
	}
	if err := misplaced(cmd, args); err != nil {
		return a.end(cmd, err)
	}
	switch {
	case len(args) < least:
		return a.end(cmd, misuse("the argument %s is missing: %s", strings.Trim(words[len(args)], "[]."), cmd.UseLine()))
	case len(args) > most:
		return a.end(cmd, misuse("%q is one argument too many: %s", args[most], cmd.UseLine()))
	}
	return nil
}

// misplaced refuses the address of a database where it would be taken for something
// else and be repeated: a password may be in it.
func misplaced(cmd *cobra.Command, args []string) error {
	where := ""
	if slices.ContainsFunc(args, secret) {
		where = "an argument"
	}
	for _, name := range []string{"dir", "id"} {
		if f := cmd.Flag(name); f != nil && secret(f.Value.String()) {
			where = "--" + name
		}
	}
	if where == "" {
		return nil
	}
	err := fmt.Errorf("%s is the address of a database, which is not repeated here: it may hold a password", where)
	if cmd.Flag("url") == nil {
		return failed(Misused, fmt.Errorf("%w; the program knows its database", err))
	}
	return failed(Misused, fmt.Errorf("%w; set DATABASE_URL, or give --url", err), cmd.CommandPath()+" --url …")
}

// secret reports whether a text looks like the address of a database.
func secret(text string) bool {
	return strings.Contains(text, "://") || strings.Contains(text, "password=")
}
