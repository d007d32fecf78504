package doctor

import (
	"strings"
	"testing"
)

// Some servers cannot be had for a test, and what is said of them depends on their
// number alone.
func TestServerFindings_of_versions(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]string{
		"130020": "Retort needs PostgreSQL 14", "140000": "before 14.4", "140003": "before 14.4", "140004": "", "150018": "", "180000": "", "": "Retort needs",
	} {
		row := []string{"x", number, "false", "off", "UTF8", "db", "public", "on", "on", "on", "on", "", ""}
		first := serverFindings(row)[0]
		if (first.State == Wrong) != (want != "") || !strings.Contains(first.Do, want) {
			t.Errorf("%s: %v, want %q", number, first, want)
		}
	}
}
