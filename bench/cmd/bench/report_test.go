package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/retort-go/retort/bench/peers"
	"github.com/retort-go/retort/bench/peers/run"
)

// measured are two rounds in which Retort is as good as every target asks; the
// second ran on a machine half as fast.
func measured(workloads []peers.Workload) cells {
	all := cells{}
	for round, speed := range []float64{1, 0.5} {
		for _, w := range workloads {
			for _, name := range append(run.GoPeers(), run.Origin) {
				c := run.Cell{RPS: 100 * speed, CPUUS: 10 / speed, Memory: 1 << 20, Allocs: 100, Trips: 9}
				switch name {
				case run.Retort:
					c = run.Cell{RPS: 1000 * speed, CPUUS: 5 / speed, Memory: 1 << 20, Allocs: 50, Trips: float64(w.Trips)}
				case run.PgxTuned:
					c.RPS = 900 * speed
				}
				all.add(round, w.Name, name, c)
			}
		}
	}
	return all
}

func TestTargets(t *testing.T) {
	t.Parallel()
	workloads := peers.Workloads(1)

	t.Run("are all kept by one that is good enough", func(t *testing.T) {
		t.Parallel()
		targets := judge(measured(workloads), run.Retort, workloads)
		if want := 9 * len(workloads); len(targets) != want {
			t.Errorf("%d targets, not %d", len(targets), want)
		}
		for _, target := range targets {
			if !target.Kept {
				t.Errorf("missed: %+v", target)
			}
		}
	})

	t.Run("are missed by one that is a little worse", func(t *testing.T) {
		t.Parallel()
		all := measured(workloads)
		for key := range all {
			for round := range all[key] {
				switch c := &all[key][round]; key.entrant {
				case run.Retort:
					c.RPS, c.CPUUS, c.Memory, c.Allocs, c.Trips = c.RPS*0.87, c.CPUUS*2.2, c.Memory*1.6, c.Allocs*1.1, c.Trips+1
				case run.Gorm, run.Bun, run.Ent, run.Origin:
					c.RPS *= 9
				}
			}
		}
		for _, target := range judge(all, run.Retort, workloads) {
			if target.Kept {
				t.Errorf("kept: %+v", target)
			}
		}
	})

	t.Run("say nothing of what was not measured", func(t *testing.T) {
		t.Parallel()
		all := cells{}
		all.add(0, "W1", run.Retort, run.Cell{RPS: 1, Trips: 2})
		targets := judge(all, run.Retort, workloads)
		if len(targets) != 1 || targets[0].Figure != "round trips" || targets[0].Kept {
			t.Errorf("got %+v", targets)
		}
	})
}

// A round that disturbed both sides does not disturb their ratio.
func TestCells_take_the_ratio_within_a_round(t *testing.T) {
	t.Parallel()
	all := cells{}
	for round, c := range [][2]float64{{10, 5}, {100, 50}, {4, 2}} {
		all.add(round, "W1", "a", run.Cell{RPS: c[0]})
		all.add(round, "W1", "b", run.Cell{RPS: c[1]})
	}
	all.add(3, "W1", "a", run.Cell{RPS: 1000}) // b is missing here
	if got := all.ratio("W1", "a", "b", rps); got != 2 {
		t.Errorf("ratio %v", got)
	}
	if got := all.medianOf("W1", "a", rps); got != 55 {
		t.Errorf("median %v", got)
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	workloads := peers.Workloads(1)[:1]
	all := measured(workloads)
	all[cellKey{"W1", run.Retort}][0].Allocs, all[cellKey{"W1", run.Retort}][1].Allocs = 70, 70
	r := Report{Rounds: 2, Entrants: map[string]string{run.Origin: "not run: no Python"}, Workloads: all.figures(), Targets: judge(all, run.Retort, workloads)}
	r.Protected = judge(all, run.PgxUsual, workloads)
	text := r.text([]run.Peer{{Name: run.Retort}, {Name: run.PgxTuned}}, workloads)
	for _, want := range []string{
		"- origin: not run: no Python\n",
		"| **W1** read by key | retort | 750 | 1.11 |",
		"8 of 9 targets kept.",
		"With all protections on:\n\n2 of 9 targets kept.",
		"| W1 | allocations | pgx-usual | ≤ 0.50 | 0.70 | 1 | **missed** |",
		"| W1 | throughput | pgx-tuned | ≥ 0.97 | 1.11 |  | kept |",
		"| W1 | throughput | ent | ≥ 1.30 | 10 | 9 | kept |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
}

func TestFillDocument_changes_what_is_between_the_marks(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "doc.md")
	for _, c := range []struct{ old, want string }{
		{"a\n<!-- run:begin -->\nold\n<!-- run:end -->\nb\n", "a\n<!-- run:begin -->\n\nnew\n\n<!-- run:end -->\nb\n"},
		{"no marks\n", ""},
	} {
		if err := os.WriteFile(file, []byte(c.old), 0o600); err != nil {
			t.Fatal(err)
		}
		err := fillDocument(file, "new\n")
		if got, _ := os.ReadFile(file); (err == nil) != (c.want != "") || err == nil && string(got) != c.want {
			t.Errorf("%q became %q, %v", c.old, got, err)
		}
	}
}

func TestCosts_names_what_tells_something(t *testing.T) {
	t.Parallel()
	got := costs(`Type: cpu
      flat  flat%   sum%        cum   cum%
     0.04s  3.11%  3.11%      1.04s 46.22%  github.com/retort-go/retort.Query[go.shape.struct { A int }].All
         0     0%  3.11%      1.92s 85.33%  net/http.(*conn).serve
     0.02s   12%     4%      0.02s   13%  github.com/jackc/pgx/v5.(*Conn).Query (inline)
`)
	want := "| with what it calls | alone | function |\n|--:|--:|---|\n" +
		"| 46.22% | 3.11% | `retort-go/retort.Query[…].All` |\n" +
		"| 13% | 12% | `jackc/pgx/v5.(*Conn).Query (inline)` |\n"
	if got != want {
		t.Errorf("got\n%s", got)
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	name := func(s string) string { return s }
	got, err := choose([]string{"a", "b", "c"}, "c, a", name)
	if err != nil || strings.Join(got, "") != "ac" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := choose([]string{"a", "b"}, "a,x", name); err == nil || !strings.Contains(err.Error(), `"x"; there are a, b`) {
		t.Errorf("got %v", err)
	}
}
