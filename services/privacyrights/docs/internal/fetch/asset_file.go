package main

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
)

// assetFile is one file to be written below the assets folder.
type assetFile struct {
	path     string // slash-separated, below the assets folder
	text     []byte
	compress bool
}

// write puts the file below dir; a compressed one gets .gz at its end. The
// gzip header carries no name and no time, so that the same input gives the
// same bytes.
func (f assetFile) write(dir string) error {
	text, name := f.text, filepath.Join(dir, filepath.FromSlash(f.path))
	if f.compress {
		var packed bytes.Buffer
		w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
		if err != nil {
			return err
		}
		if _, err := w.Write(text); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		text, name = packed.Bytes(), name+".gz"
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, text, 0o644)
}
