package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/retort-go/retort/migrate"
)

// history reads the revision files: those in the program, or those of --dir.
func (c *call) history() (*migrate.History, error) {
	if c.dir != "" || c.cfg.Revisions == nil {
		return c.written()
	}
	h, err := migrate.Read(c.cfg.Revisions)
	if err == nil {
		c.warnStale(h)
	}
	return h, err
}

// warnStale says, once, that files were written that the program was built without:
// with the files of yesterday nothing seems to be left to do.
func (c *call) warnStale(embedded *migrate.History) {
	if c.stale {
		return
	}
	c.stale = true
	if info, err := os.Stat(c.folder()); err != nil || !info.IsDir() {
		return // the program runs where it is used, not where it is made
	}
	h, err := migrate.Read(os.DirFS(c.folder()))
	if err != nil {
		return // what is wrong there is told when it is built in
	}
	var newer []string
	for _, r := range h.Revisions() {
		if was := embedded.Get(r.ID); was == nil || was.Checksum() != r.Checksum() {
			newer = append(newer, r.ID)
		}
	}
	if len(newer) > 0 {
		w := c.cmd.ErrOrStderr()
		p := &page{w: w, color: colored(w, c.getenv)}
		p.line("%s %s was built without what %s has now (%s): build it anew, or give --dir %s",
			p.paint(notice, "note:"), program(c.cmd), c.folder(), list(newer), c.folder())
	}
}

// written reads the revision files of the folder where new ones go, which are
// newer than those in the program.
func (c *call) written() (*migrate.History, error) {
	dir := c.folder()
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		command := "init"
		if c.dir != "" {
			command += " --dir " + c.dir
		}
		return nil, failed(Misused, fmt.Errorf("there is no folder %s here; --dir names another one", dir), c.next(command))
	case err != nil:
		return nil, err
	case !info.IsDir():
		return nil, misuse("%s is not a folder; --dir names another one", dir)
	}
	return migrate.Read(os.DirFS(dir))
}

// folder is where new revisions are written.
func (c *call) folder() string {
	if c.dir != "" {
		return c.dir
	}
	return c.cfg.Dir
}

// write makes the file of a new revision, and never replaces one.
func (c *call) write(r *migrate.Revision) (string, error) {
	return c.create(r.FileName(), migrate.Format(r))
}

func (c *call) create(name, text string) (string, error) {
	path := filepath.Join(c.folder(), name)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return "", &existsError{path}
	}
	if err != nil {
		return "", err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		// A half of a revision must not be read as one.
		return "", errors.Join(err, os.Remove(path))
	}
	return path, nil
}

// existsError says that a file is not replaced.
type existsError struct{ path string }

func (e *existsError) Error() string { return e.path + " exists already; nothing was written" }
func (*existsError) Unwrap() error   { return fs.ErrExist }
