// Command bench measures Retort beside its peers and prints the figures, the
// targets and the profiles of what was missed; bench/results.json keeps them.
// Run it from the repository's root: make bench, or make bench-full.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/retort-go/retort/bench/peers"
	"github.com/retort-go/retort/bench/peers/run"
)

// options are the flags.
type options struct {
	full       bool
	rounds     int
	entrants   string
	everything bool
	workloads  string
	root       string
	profile    string
	pool       int
	parts      bool
	out        string
	doc        string
}

func main() {
	var o options
	flag.BoolVar(&o.full, "full", false, "measure longer and more often; about a quarter of an hour")
	flag.IntVar(&o.rounds, "rounds", 0, "interleaved rounds; medians are printed. Default 2, with -full 5")
	flag.StringVar(&o.entrants, "entrants", "", "only these, such as retort,pgx-tuned")
	flag.BoolVar(&o.everything, "everything", false, "an entrant more: Retort with every protection switched on, held to the same targets")
	flag.StringVar(&o.workloads, "workloads", "", "only these, such as W1,W6")
	flag.StringVar(&o.root, "python-root", os.Getenv("BENCH_PYTHON_ROOT"),
		"folder of a system whose /usr/bin/python3 has the origins' stack; default this machine's. Also BENCH_PYTHON_ROOT")
	flag.StringVar(&o.profile, "profile", "", "measure nothing, but write and print a profile of each entrant in this workload")
	flag.IntVar(&o.pool, "pool", 16, "connections of each entrant to the database")
	flag.BoolVar(&o.parts, "parts", true, "measure the parts of the library, too")
	flag.StringVar(&o.out, "out", "bench/results.json", "file to write; a run of only some entrants or workloads writes none unless this is given")
	flag.StringVar(&o.doc, "doc", "", "document whose part between <!-- run:begin --> and <!-- run:end --> becomes what is printed")
	flag.Parse()
	flag.Visit(func(f *flag.Flag) {
		if f.Name == "out" {
			o.out = "!" + o.out
		}
	})
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := o.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

// file is where the results go, empty for nowhere.
func (o options) file() string {
	if name, given := strings.CutPrefix(o.out, "!"); given {
		return name
	}
	if o.entrants != "" || o.workloads != "" || !o.parts {
		return ""
	}
	return o.out
}

// quickHeavyClients is how many requests of a heavy workload run at once in a
// quick run.
const quickHeavyClients = 8

// heavyRounds is in how many rounds of a full run a heavy workload is measured.
const heavyRounds = 2

// plan says how long each cell of a round is measured.
func (o options) plan(round int, w peers.Workload) run.Plan {
	p := run.Plan{
		Pool: o.pool, Clients: peers.Clients, Slices: 2,
		Warm: 100 * time.Millisecond, Load: 300 * time.Millisecond, Inside: 100 * time.Millisecond, Far: 50 * time.Millisecond,
	}
	if o.full {
		p.Slices = 5
		p.Warm, p.Load, p.Inside, p.Far = 250*time.Millisecond, time.Second, 250*time.Millisecond, 200*time.Millisecond
	}
	if w.Heavy {
		p.Slices = 1 // a request takes longer than a slice
		if !o.full {
			p.Clients = quickHeavyClients
		}
	}
	if round > 0 {
		p.Far = 0 // the network decides, and always alike
	}
	return p
}

func (o options) run(ctx context.Context) (err error) {
	begun := time.Now()
	say := func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, "%4.0f s  %s\n", time.Since(begun).Seconds(), fmt.Sprintf(format, args...))
	}
	if o.rounds == 0 {
		o.rounds = map[bool]int{false: 2, true: 5}[o.full]
	}
	if o.rounds < 1 {
		return fmt.Errorf("-rounds %d: give 1 or more", o.rounds)
	}
	workloads, err := choose(peers.Workloads(peers.BulkSize), o.workloads, func(w peers.Workload) string { return w.Name })
	if err != nil {
		return err
	}
	list, notes, err := o.peers(ctx, say)
	if err != nil {
		return err
	}
	stand, err := run.NewStand(ctx)
	if err != nil {
		return err
	}
	defer stand.Close()
	if o.profile != "" {
		return o.profiles(ctx, stand, list, workloads)
	}

	say("comparing the answers of %d entrants", len(list))
	if err := stand.Agree(ctx, list, workloads); err != nil {
		return fmt.Errorf("the entrants disagree, so nothing was measured:\n%w", err)
	}
	r := Report{
		Go: runtime.Version(), PostgreSQL: stand.Server.Version(), CPUs: runtime.NumCPU(),
		Rounds: o.rounds, Full: o.full, Entrants: notes,
	}
	cells, err := o.measure(ctx, stand, list, workloads, say)
	if err != nil {
		return err
	}
	r.Workloads = cells.figures()
	r.Targets, r.Protected = judge(cells, run.Retort, workloads), judge(cells, run.All, workloads)
	if o.parts {
		rounds, benchtime := 1, "200ms"
		if o.full {
			rounds, benchtime = 3, "300ms"
		}
		if r.Parts, err = measureParts(ctx, rounds, benchtime, say); err != nil {
			return err
		}
	}
	text := r.text(list, workloads)
	fmt.Print(text)
	why, err := o.explain(ctx, stand, list, workloads, r.Targets, say)
	if err != nil {
		return err
	}
	fmt.Print(why)
	if file := o.file(); file != "" {
		if err := r.write(file); err != nil {
			return err
		}
	}
	if o.doc != "" {
		return fillDocument(o.doc, text+why)
	}
	return nil
}

// measure takes the rounds. In each, the entrants take turns in every workload.
func (o options) measure(ctx context.Context, stand *run.Stand, list []run.Peer, workloads []peers.Workload, say func(string, ...any)) (cells, error) {
	all := cells{}
	for round := range o.rounds {
		for _, w := range workloads {
			plan, now := o.plan(round, w), o.entering(round, w, list)
			if len(now) == 0 {
				continue
			}
			say("round %d of %d: %s %s", round+1, o.rounds, w.Name, w.Title)
			found, err := stand.Measure(ctx, now, w, plan)
			if err != nil {
				return nil, err
			}
			for i, p := range now {
				all.add(round, w.Name, p.Name, found[i])
			}
		}
	}
	return all, nil
}

// entering are the entrants that are measured in a round, beginning with another
// one each time.
func (o options) entering(round int, w peers.Workload, list []run.Peer) (now []run.Peer) {
	if w.Heavy && (round >= heavyRounds || !o.full && round > 0) {
		return nil
	}
	for i := range list {
		p := list[(i+round)%len(list)]
		if o.full || round == 0 || p.Go { // in a quick run, a second look at the slow one costs more than it tells
			now = append(now, p)
		}
	}
	return now
}

// choose filters by a list of names.
func choose[T any](all []T, names string, name func(T) string) ([]T, error) {
	if names == "" {
		return all, nil
	}
	var chosen []T
	var known []string
	wanted := map[string]bool{}
	for n := range strings.SplitSeq(names, ",") {
		wanted[strings.TrimSpace(n)] = true
	}
	for _, x := range all {
		known = append(known, name(x))
		if wanted[name(x)] {
			chosen = append(chosen, x)
			delete(wanted, name(x))
		}
	}
	var errs []error
	for n := range wanted {
		errs = append(errs, fmt.Errorf("there is no %q; there are %s", n, strings.Join(known, ", ")))
	}
	return chosen, errors.Join(errs...)
}
