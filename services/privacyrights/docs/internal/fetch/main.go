// Command fetch brings the documentation pages' scripts and styles into the
// repository: it packs two npm packages at pinned versions, checks what came
// against pinned digests, and writes the few files that are served, compressed.
//
// It needs npm and the network, and is run by `make generate`.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
)

func main() {
	out := flag.String("out", "assets", "folder to write, emptied first")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *out); err != nil {
		fmt.Fprintln(os.Stderr, "fetch:", err)
		os.Exit(1)
	}
}

// run fetches everything before it touches out, so that a failure leaves the
// old assets in place.
func run(ctx context.Context, out string) error {
	var files []assetFile
	for _, p := range packages() {
		tarball, err := pack(ctx, p)
		if err != nil {
			return err
		}
		if err := p.verify(tarball); err != nil {
			return err
		}
		found, err := p.extract(tarball)
		if err != nil {
			return err
		}
		files = append(files, found...)
	}
	if err := os.RemoveAll(out); err != nil {
		return err
	}
	for _, file := range files {
		if err := file.write(out); err != nil {
			return err
		}
	}
	return nil
}

// pack downloads one package with the npm client, from whatever registry the
// user has configured.
func pack(ctx context.Context, p npmPackage) ([]byte, error) {
	dir, err := os.MkdirTemp("", "fetch-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)

	spec := p.name + "@" + p.version
	cmd := exec.CommandContext(ctx, "npm", "pack", "--silent", "--pack-destination", dir, spec)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("npm pack %s: %w", spec, err)
	}
	packed, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil {
		return nil, err
	}
	if len(packed) != 1 {
		return nil, fmt.Errorf("npm pack %s left %d archives, want 1", spec, len(packed))
	}
	return os.ReadFile(packed[0])
}
