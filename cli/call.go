package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/retort-go/retort"
)

// call is one run of one command.
type call struct {
	*app
	cmd    *cobra.Command
	args   []string
	engine *retort.Engine // once opened
	typed  *bufio.Reader  // once asked
	stale  bool           // told that the files in the program are old, or that they are not
	tty    *os.File       // once asked
}

func (c *call) ctx() context.Context { return c.cmd.Context() }

// on reports whether a flag was given.
func (c *call) on(name string) bool {
	v, err := c.cmd.Flags().GetBool(name)
	return err == nil && v
}

// value gives a flag's text.
func (c *call) value(name string) string {
	v, err := c.cmd.Flags().GetString(name)
	if err != nil {
		return ""
	}
	return v
}

// values gives a flag that can be there several times.
func (c *call) values(name string) []string {
	f := c.cmd.Flags().Lookup(name)
	if f == nil {
		return nil
	}
	list, ok := f.Value.(pflag.SliceValue)
	if !ok {
		return nil
	}
	return list.GetSlice()
}

// next is a command to type, below the same program and for the same files.
func (c *call) next(command string) string { return next(c.cmd, command) }

func next(cmd *cobra.Command, command string) string {
	if strings.Contains(command, " --dir ") {
		return program(cmd) + " " + command
	}
	return program(cmd) + " " + command + elsewhere(cmd)
}

// elsewhere is the flag that names another folder, as it was given.
func elsewhere(cmd *cobra.Command) string {
	f := cmd.Flag("dir")
	if f == nil || !f.Changed {
		return ""
	}
	return " --dir " + quoted(f.Value.String())
}

// quoted is a word as a shell takes it.
func quoted(word string) string {
	if word == "" || strings.ContainsAny(word, " \t\n'\"\\$`&|;<>()*?[]#~!{}") {
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	return word
}

// program is what a user types before a subcommand.
func program(cmd *cobra.Command) string {
	if cmd.HasParent() && cmd.Parent().Name() == "db" {
		cmd = cmd.Parent()
	}
	return cmd.CommandPath()
}

// open gives the engine, opened once.
func (c *call) open() (*retort.Engine, error) {
	if c.engine != nil {
		return c.engine, nil
	}
	if c.cfg.Open == nil {
		return nil, misuse("%s needs a database, and this program opens none: set cli.Config.Open", c.cmd.Name())
	}
	eng, err := c.cfg.Open(c.ctx())
	if err != nil {
		return nil, err
	}
	c.engine = eng
	return eng, nil
}

// base gives the models.
func (c *call) base() (*retort.Base, error) {
	if c.cfg.Base == nil {
		return nil, misuse("%s needs the models, and this program has none: mount the commands in the program that declares them (package cli)", c.cmd.Name())
	}
	return c.cfg.Base, nil
}

// close ends what the command opened; err is how the command ended.
func (c *call) close(err error) error {
	if c.tty != nil {
		_ = c.tty.Close()
	}
	if c.engine == nil {
		return err
	}
	if closing := c.engine.Close(context.WithoutCancel(c.ctx())); err == nil {
		err = closing
	}
	return err
}

// say writes what a command answers, and how it failed, which can be both: what
// was done before stays done.
func (a *app) say(cmd *cobra.Command, said answer, err error) error {
	f := explained(cmd, err)
	if a.json {
		return errors.Join(a.sayJSON(cmd, said, f), err)
	}
	if said != nil {
		out := cmd.OutOrStdout()
		said.text(&page{w: out, color: colored(out, a.getenv)})
	}
	if f == nil {
		return nil
	}
	w := cmd.ErrOrStderr()
	p := &page{w: w, color: colored(w, a.getenv)}
	if !f.said {
		p.line("%s %s", p.paint(bad, program(cmd)+":"), strings.TrimPrefix(f.Error(), program(cmd)+": "))
	}
	a.advise(p, f.next)
	return err
}

// end says how a command failed before it ran.
func (a *app) end(cmd *cobra.Command, err error) error { return a.say(cmd, nil, err) }

// problem is a failure as --json prints it.
type problem struct {
	Error string   `json:"error"`
	Exit  int      `json:"exit"`
	Next  []string `json:"next,omitempty"`
}

// sayJSON writes one document: the fields of the answer, and those of the failure.
func (*app) sayJSON(cmd *cobra.Command, said answer, f *failure) error {
	var parts [][]byte
	var failed any
	if f != nil && !f.said {
		failed = problem{f.Error(), f.code, f.next}
	} else if f != nil && len(f.next) > 0 {
		failed = struct {
			Next []string `json:"next"`
		}{f.next}
	}
	for _, v := range []any{said, failed} {
		if v == nil {
			continue
		}
		text, err := marshal(v)
		if err != nil {
			return err
		}
		if text = bytes.TrimSuffix(bytes.TrimPrefix(text, []byte("{")), []byte("}")); len(text) > 0 {
			parts = append(parts, text)
		}
	}
	var out bytes.Buffer
	if err := json.Indent(&out, slices.Concat([]byte("{"), bytes.Join(parts, []byte(",")), []byte("}")), "", "  "); err != nil {
		return err
	}
	out.WriteByte('\n')
	_, err := out.WriteTo(cmd.OutOrStdout())
	return err
}

// marshal writes v on one line, signs as they are.
func marshal(v any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSpace(out.Bytes()), err
}

// explained is err with its exit code and what to type next; nil for none.
func explained(cmd *cobra.Command, err error) *failure {
	if err == nil {
		return nil
	}
	f, ok := errors.AsType[*failure](err)
	if !ok {
		f = &failure{err: err, code: ExitCode(err), next: advice(err, func(command string) string { return next(cmd, command) })}
	}
	switch {
	case f.said || len(f.next) > 0:
		return f
	case f.code == Misused:
		f.next = []string{cmd.CommandPath() + " --help"}
	default:
		f.next = []string{again(cmd)} // it was broken off, or the text says what is to be mended first
	}
	return f
}

// advise prints the commands to type next.
func (*app) advise(p *page, next []string) {
	for i, command := range next {
		head := "next:"
		if i > 0 {
			head = "  or:"
		}
		p.line("%s %s", p.paint(good, head), command)
	}
}
