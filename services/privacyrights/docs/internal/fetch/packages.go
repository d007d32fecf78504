package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// npmPackage is one package at one version, and what is wanted of it.
type npmPackage struct {
	name      string
	version   string
	integrity string   // as npm writes it: sha512-, then base64
	served    []string // compressed
	legal     []string // kept readable
}

// packages pins what is shipped. Redoc 3 is larger and adds buttons that lead
// to third parties.
func packages() []npmPackage {
	return []npmPackage{
		{
			name:      "swagger-ui-dist",
			version:   "5.35.0",
			integrity: "sha512-U06rpMtW9V3XPGOBeamTUSr0Z09jMX4IJuANpE/EZbAhw0G8CgwrzU4YmXkn/h0wCDNsXdGarTNNHC3sU8yVUQ==",
			served:    []string{"swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png"},
			legal:     []string{"LICENSE", "NOTICE", "swagger-ui-bundle.js.LICENSE.txt"},
		},
		{
			name:      "redoc",
			version:   "2.5.4",
			integrity: "sha512-M6jWhG1qoBnH6TFmzJnstyCZ87HmOY/UzDm78mHiYihEdlV/YcS9ogOo1NlElnJMeLsyxHFe2yFc4sNjHTrABQ==",
			served:    []string{"bundles/redoc.standalone.js"},
			legal: []string{
				"LICENSE",
				"bundles/redoc.standalone.js.LICENSE.txt",
				"bundles/d87bcbdbea8f8f5aa26f.worker.js.LICENSE.txt", // the search worker inside the bundle
			},
		},
	}
}

// verify compares the archive with the pinned digest.
func (p npmPackage) verify(tarball []byte) error {
	sum := sha512.Sum512(tarball)
	if got := "sha512-" + base64.StdEncoding.EncodeToString(sum[:]); got != p.integrity {
		return fmt.Errorf("%s@%s has integrity %s, want %s", p.name, p.version, got, p.integrity)
	}
	return nil
}

// extract takes the wanted files out of an archive; one that is missing is an
// error.
func (p npmPackage) extract(tarball []byte) ([]assetFile, error) {
	unzipped, err := gzip.NewReader(bytes.NewReader(tarball))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	content := map[string][]byte{}
	for archive := tar.NewReader(unzipped); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
		text, err := io.ReadAll(archive)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", p.name, header.Name, err)
		}
		content[strings.TrimPrefix(header.Name, "package/")] = text
	}

	dir := p.name + "-" + p.version
	var files []assetFile
	add := func(names []string, compress bool) error {
		for _, name := range names {
			text, ok := content[name]
			if !ok {
				return fmt.Errorf("%s@%s holds no %s", p.name, p.version, name)
			}
			files = append(files, assetFile{path.Join(dir, path.Base(name)), text, compress})
		}
		return nil
	}
	err = errors.Join(add(p.served, true), add(p.legal, false))
	return files, err
}
