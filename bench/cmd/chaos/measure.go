package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/retort-go/retort/bench/chaos"
	"github.com/retort-go/retort/localpg"
)

// choose finds the scenarios of a list of line numbers and names.
func choose(only string) ([]chaos.Scenario, error) {
	all := chaos.Scenarios()
	if only == "" {
		return all, nil
	}
	var chosen []chaos.Scenario
	for text := range strings.SplitSeq(only, ",") {
		wanted := strings.TrimSpace(text)
		i := slices.IndexFunc(all, func(s chaos.Scenario) bool { return strconv.Itoa(s.Number) == wanted || s.Name == wanted })
		if i < 0 {
			var numbers []string
			for _, s := range all {
				numbers = append(numbers, strconv.Itoa(s.Number)+" "+s.Name)
			}
			return nil, fmt.Errorf("-only %q: there is no line %q; there are %s", only, text, strings.Join(numbers, ", "))
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

// measure runs scenarios one after the other on one server, which it starts and
// puts into env.
func measure(ctx context.Context, env *chaos.Env, scenarios []chaos.Scenario, long bool) (report Report, err error) {
	begun := time.Now()
	say := func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, "%4.0f s  %s\n", time.Since(begun).Seconds(), fmt.Sprintf(format, args...))
	}
	srv, err := localpg.Start(ctx, localpg.Config{})
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, srv.Stop(context.WithoutCancel(ctx))) }()
	report = Report{Seed: env.Seed, Go: runtime.Version(), PostgreSQL: srv.Version(), CPUs: runtime.NumCPU()}
	env.Server, env.Say = srv, say
	for _, s := range scenarios {
		lineBegun := time.Now()
		say("%d: %s", s.Number, s.Name)
		repetitions := s.Full
		if long {
			repetitions = s.Long
		}
		line, err := s.Run(ctx, env, repetitions)
		if err != nil {
			return report, fmt.Errorf("line %d (%s), seed %d: %w", s.Number, s.Name, env.Seed, err)
		}
		say("%d: Retort %s, pgxpool %s, control %s, in %.0f s", s.Number, line.Retort, line.Pgxpool, line.Control, time.Since(lineBegun).Seconds())
		report.Lines = append(report.Lines, line)
	}
	report.Seconds = time.Since(begun).Seconds()
	return report, nil
}
