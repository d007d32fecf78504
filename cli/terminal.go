package cli

import (
	"io"
	"os"
)

// isTerminal reports whether a person sits at the other end of w or r.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && info.Name() != os.DevNull && !isNull(info)
}

// isNull reports whether a file is the null device, which is a character device, too.
func isNull(info os.FileInfo) bool {
	null, err := os.Stat(os.DevNull)
	return err == nil && os.SameFile(info, null)
}

// colored reports whether to color what goes to w: to a terminal that can, and
// not against the user's wish (https://no-color.org).
func colored(w io.Writer, getenv func(string) string) bool {
	return isTerminal(w) && getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
}
