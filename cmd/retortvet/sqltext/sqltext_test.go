package sqltext_test

import (
	"path/filepath"
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/retort-go/retort/cmd/retortvet/sqltext"
)

func TestAnalyzer(t *testing.T) {
	t.Parallel()
	testdata, err := filepath.Abs("../testdata")
	if err != nil {
		t.Fatal(err)
	}
	analysistest.Run(t, testdata, sqltext.Analyzer, "sqltext")
	analysistest.RunWithSuggestedFixes(t, testdata, sqltext.Analyzer, "sqltext/fix")
}
