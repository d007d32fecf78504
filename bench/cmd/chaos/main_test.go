package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/retort-go/retort/bench/chaos"
	"github.com/retort-go/retort/bench/internal/testdb"
)

func TestChoose(t *testing.T) {
	t.Parallel()
	all, err := choose("")
	if err != nil || len(all) != len(chaos.Scenarios()) {
		t.Errorf("%d scenarios, error %v", len(all), err)
	}
	some, err := choose("cancelled, 1")
	if err != nil || len(some) != 2 || some[0].Number != 11 || some[1].Number != 1 {
		t.Errorf("got %+v, error %v", some, err)
	}
	for _, wrong := range []string{"99", "x", "1,", ","} {
		if _, err := choose(wrong); err == nil || !strings.Contains(err.Error(), "1 killed_server, 2 failed_commit, ") {
			t.Errorf("%q: error %v", wrong, err)
		}
	}
}

func TestReadWords(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "words.json")
	for _, c := range []struct {
		text, want string
		words      int
	}{
		{`["a", "", "\u0000", "ä"]`, "", 4},
		{`[]`, "is empty", 0},
		{`{"a": 1}`, "no JSON list of texts", 0},
		{``, "no JSON list of texts", 0},
	} {
		if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if words, err := readWords(file); len(words) != c.words || c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %q, error %v", c.text, words, err)
		}
	}
	if words, err := readWords(""); words != nil || err != nil {
		t.Errorf("no file: %q, error %v", words, err)
	}
	if _, err := readWords(file + ".gone"); err == nil {
		t.Error("a file that is not there is no error")
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	report := Report{Seed: 7, Go: "go", PostgreSQL: "15", CPUs: 2, Lines: []chaos.Line{
		{Number: 1, What: "a|b", Target: "x", Retort: chaos.Side{Of: 3}, Control: chaos.Side{Bad: 2, Of: 3, Note: "n"}, ControlIs: "c"},
		{Number: 2, What: "b", Retort: chaos.Side{Of: 3}},
	}}
	table := report.table()
	for _, want := range []string{
		"Seed 7, ", `| 1 | a\|b | x | **0** of 3 | **0** of 0 | c: **2** of 3; n | good |`,
		"| 2 | b | 0 | **0** of 3 | **0** of 0 | : **0** of 0 | **RED** |",
	} {
		if !strings.Contains(table, want) {
			t.Errorf("%q is not in\n%s", want, table)
		}
	}
	name := filepath.Join(t.TempDir(), "chaos-results.json")
	if err := report.write(name); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var back []Result
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if len(back) != 2 || !back[0].Holds || back[1].Holds || len(back[1].Failures) == 0 || back[0].Seed != 7 || back[0].Control.Bad != 2 || back[0].Target != "x" {
		t.Errorf("read back %+v", back)
	}
}

func TestPrices(t *testing.T) {
	t.Parallel()
	report := Report{Go: "go", PostgreSQL: "15", CPUs: 2, Lines: []chaos.Line{{Number: 1}, {Number: 20, Prices: []chaos.Price{{What: "a|b", US: 1.25, Of: "c"}}}}}
	name := filepath.Join(t.TempDir(), "chaos.md")
	if err := os.WriteFile(name, []byte("x <!-- prices:begin -->old<!-- prices:end --> y"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := report.writePrices(name); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(text); !strings.Contains(got, `| a\|b | 1.2 | c |`) || strings.Contains(got, "old") || !strings.HasSuffix(got, "<!-- prices:end --> y") {
		t.Error(got)
	}
	if err := (Report{}).writePrices(name); err == nil {
		t.Error("a run without prices emptied the list")
	}
}

func TestStartProxy_returns_what_went_wrong(t *testing.T) {
	t.Parallel()
	if p, err := testdb.Proxy("postgres://127.0.0.1:no"); err == nil || p != nil {
		t.Errorf("proxy %v, error %v", p, err)
	}
	p, err := testdb.Proxy("postgres://127.0.0.1:1/x")
	if err != nil {
		t.Fatal(err)
	}
	p.Close()
}
