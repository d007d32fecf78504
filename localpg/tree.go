package localpg

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// copyWorkers are enough to hide the latency of a thousand small files.
const copyWorkers = 4

// copyTree copies folders and plain files with their modes below dst, which
// exists, and hands each to own. The kernel copies the bytes, sharing blocks
// where the file system can. It returns how many it copied.
func copyTree(ctx context.Context, src, dst string, own func(string) error) (int, error) {
	type file struct {
		from, to string
		mode     fs.FileMode
	}
	files := make(chan file)
	errs := make([]error, copyWorkers)
	copied := 0
	var wg sync.WaitGroup
	for i := range copyWorkers {
		wg.Go(func() {
			for f := range files {
				if errs[i] == nil {
					errs[i] = errors.Join(copyFile(f.from, f.to, f.mode), own(f.to))
				}
			}
		})
	}
	err := filepath.WalkDir(src, func(path string, d fs.DirEntry, err error) error {
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		rel, err := filepath.Rel(src, path)
		if err != nil || rel == "." {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		copied++
		to := filepath.Join(dst, rel)
		if d.IsDir() {
			return errors.Join(os.Mkdir(to, info.Mode().Perm()), own(to))
		}
		if info.Mode().IsRegular() {
			files <- file{path, to, info.Mode().Perm()}
		}
		return nil
	})
	close(files)
	wg.Wait()
	return copied, errors.Join(append(errs, err)...)
}

func copyFile(from, to string, mode fs.FileMode) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	_, err = io.Copy(out, in)
	return err
}
