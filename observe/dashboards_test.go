package observe_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/retort-go/retort/observe"
)

// known is what a query may say of one metric.
type known struct {
	histogram bool
	counter   bool
	labels    []string
}

var described = regexp.MustCompile(`fqName: "([^"]+)".* variableLabels: \{([^}]*)\}`)

// metrics lists what a collector describes.
func metrics(t *testing.T) map[string]known {
	t.Helper()
	out := map[string]known{}
	descs := make(chan *prometheus.Desc, 100)
	observe.NewCollector(observe.CollectorOptions{}).Describe(descs)
	close(descs)
	for d := range descs {
		parts := described.FindStringSubmatch(d.String())
		if parts == nil {
			t.Fatalf("cannot read %s", d)
		}
		labels := []string{"pool"}
		if parts[2] != "" {
			labels = append(labels, strings.Split(parts[2], ",")...)
		}
		out[parts[1]] = known{
			histogram: strings.HasSuffix(parts[1], "_seconds") && !strings.HasPrefix(parts[1], "retort_pool_"),
			counter:   strings.HasSuffix(parts[1], "_total"),
			labels:    labels,
		}
	}
	return out
}

var (
	selector = regexp.MustCompile(`(retort_[a-z_]+)(\{([^}]*)\})?(\[)?`)
	matcher  = regexp.MustCompile(`([a-z_]+)\s*(=~|!~|!=|=)\s*"`)
	grouping = regexp.MustCompile(`by \(([^)]*)\)`)
)

// faults says what is wrong with a query.
func faults(query string, all map[string]known) []string {
	var out []string
	used := map[string]bool{"le": strings.Contains(query, "_bucket")}
	found := selector.FindAllStringSubmatch(query, -1)
	if len(found) == 0 {
		out = append(out, "names no metric")
	}
	for _, s := range found {
		name := s[1]
		for _, suffix := range []string{"_bucket", "_count", "_sum"} {
			if base, ok := strings.CutSuffix(name, suffix); ok && all[base].histogram {
				name = base
			}
		}
		m, ok := all[name]
		switch {
		case !ok:
			out = append(out, s[1]+" does not exist")
		case m.histogram && name == s[1]:
			out = append(out, name+" is a histogram and needs _bucket, _count or _sum")
		case (m.histogram || m.counter) && s[4] == "":
			out = append(out, name+" counts and needs a rate")
		}
		for _, l := range m.labels {
			used[l] = true
		}
		for _, l := range matcher.FindAllStringSubmatch(s[3], -1) {
			if ok && !slices.Contains(m.labels, l[1]) {
				out = append(out, name+" has no label "+l[1])
			}
		}
	}
	for _, by := range grouping.FindAllStringSubmatch(query, -1) {
		for l := range strings.SplitSeq(by[1], ",") {
			if !used[strings.TrimSpace(l)] {
				out = append(out, "nothing has the label "+l)
			}
		}
	}
	for _, pair := range []string{"()", "{}", "[]"} {
		if strings.Count(query, pair[:1]) != strings.Count(query, pair[1:]) {
			out = append(out, "unbalanced "+pair)
		}
	}
	return out
}

func TestDashboards_name_only_metrics_that_exist(t *testing.T) {
	t.Parallel()
	all := metrics(t)
	if len(all) < 20 {
		t.Fatalf("only %d metrics are described", len(all))
	}
	named := ""
	for where, query := range queries(t) {
		for _, fault := range faults(query, all) {
			t.Errorf("%s: %s: %s", where, query, fault)
		}
		named += query + "\n"
	}
	for name := range all {
		// What is on neither is found by its name, in the guide.
		if !strings.Contains(named, name) && !slices.Contains([]string{"retort_pool_size", "retort_pool_closing", "retort_pool_canceled_total"}, name) {
			t.Errorf("%s is on no board and in no rule", name)
		}
	}
}

// queries are those of the board and of the rules, by title.
func queries(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	var board struct {
		Panels []struct {
			ID      int
			Title   string
			GridPos struct{ X, Y, W, H int }
			Targets []struct{ RefID, Expr string }
		}
		Templating struct {
			List []struct {
				Name  string
				Query any
			}
		}
	}
	text, err := os.ReadFile("dashboards/retort.json")
	must(t, err)
	must(t, json.Unmarshal(text, &board))
	for i, p := range board.Panels {
		if p.ID != i+1 || p.Title == "" || p.GridPos.X+p.GridPos.W > 24 || len(p.Targets) == 0 {
			t.Errorf("panel %d is broken: %+v", i, p)
		}
		for _, q := range p.Targets {
			out[p.Title+" "+q.RefID] = q.Expr
		}
	}
	if len(board.Templating.List) != 3 {
		t.Errorf("the board has %d variables", len(board.Templating.List))
	}
	rules, err := os.ReadFile("dashboards/alerts.yaml")
	must(t, err)
	alert := ""
	for line := range strings.Lines(string(rules)) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "- alert: "); ok {
			alert = name
		}
		if expr, ok := strings.CutPrefix(line, "expr: "); ok {
			out[alert] = expr
		}
	}
	if len(out) < 25 {
		t.Errorf("only %d queries", len(out))
	}
	return out
}

func TestFaults_of_queries(t *testing.T) {
	t.Parallel()
	all := metrics(t)
	for query, want := range map[string]string{
		`rate(retort_nonsense_total[5m])`:                "does not exist",
		`rate(retort_lease_seconds[5m])`:                 "needs _bucket",
		`retort_commits_total`:                           "needs a rate",
		`rate(retort_commits_total{cause="x"}[5m])`:      "no label cause",
		`sum by (kind) (rate(retort_commits_total[5m]))`: "nothing has the label kind",
		`sum by (route) (rate(retort_commits_total[5m])`: "unbalanced",
		`up`:                        "no metric",
		`retort_pool_waiting_count`: "does not exist",
	} {
		if got := strings.Join(faults(query, all), "; "); !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q", query, got, want)
		}
	}
}

func TestAlerts_are_explained(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../docs/guides/operations.md")
	must(t, err)
	rules, err := os.ReadFile("dashboards/alerts.yaml")
	must(t, err)
	names := regexp.MustCompile(`- alert: (\w+)`).FindAllStringSubmatch(string(rules), -1)
	if len(names) < 5 {
		t.Fatalf("%d alerts", len(names))
	}
	for _, name := range names {
		if !strings.Contains(string(guide), name[1]) {
			t.Errorf("docs/guides/operations.md does not say what to do for %s", name[1])
		}
	}
	for name := range metrics(t) {
		if !strings.Contains(string(guide), name) {
			t.Errorf("docs/guides/operations.md does not name %s", name)
		}
	}
}
