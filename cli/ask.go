package cli

import (
	"bufio"
	"context"
	"io"
	"os"
	"strings"
)

// person reports whether questions can be asked: somebody reads and types, and
// no program parses the answer.
func (c *call) person() bool {
	return !c.json && c.getenv("CI") == "" && isTerminal(c.cmd.InOrStdin()) && c.screen() != nil
}

// screen is where a person reads questions, also when standard error goes to a
// file; nil where there is none.
func (c *call) screen() io.Writer {
	w := c.cmd.ErrOrStderr()
	if isTerminal(w) {
		return w
	}
	if c.tty == nil {
		tty, err := os.OpenFile("/dev/tty", os.O_WRONLY, 0)
		if err != nil {
			return nil
		}
		c.tty = tty
	}
	return c.tty
}

// ask puts a question that is answered by yes or no; only where a person is.
//
//   - Shape: anything but y or yes is no, the end of the input too.
func (c *call) ask(question string) (bool, error) {
	w := c.screen()
	p := &page{w: w, color: colored(w, c.getenv)}
	if _, err := w.Write([]byte(p.paint(notice, question) + " [y/N] ")); err != nil {
		return false, err
	}
	if c.typed == nil {
		c.typed = bufio.NewReader(c.cmd.InOrStdin())
	}
	type line struct {
		text string
		err  error
	}
	read := make(chan line, 1)
	// A read of a terminal cannot be cut off; the process ends soon after anyway.
	go func() {
		text, err := c.typed.ReadString('\n')
		read <- line{text, err}
	}()
	select {
	case <-c.ctx().Done():
		return false, context.Cause(c.ctx())
	case l := <-read:
		switch strings.ToLower(strings.TrimSpace(l.text)) {
		case "y", "yes":
			return true, nil
		}
		return false, nil
	}
}
