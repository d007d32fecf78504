package main

import (
	"context"
	"os/exec"
	"regexp"
	"slices"
	"strings"

	"github.com/retort-go/retort/bench/peers/pyorigin"
	"github.com/retort-go/retort/bench/peers/run"
)

// peers builds the entrants that are asked for and says what they are.
func (o options) peers(ctx context.Context, say func(string, ...any)) (list []run.Peer, notes map[string]string, err error) {
	all := append(run.GoPeers(), run.Origin)
	if o.everything || strings.Contains(o.entrants, run.All) {
		all = append([]string{run.All}, all...)
	}
	names, err := choose(all, o.entrants, func(name string) string { return name })
	if err != nil {
		return nil, nil, err
	}
	say("building %s", strings.Join(names, ", "))
	notes = map[string]string{}
	if i := slices.Index(names, run.Origin); i >= 0 {
		names = slices.Delete(names, i, i+1)
		python := pyorigin.Python{Root: o.root}
		if notes[run.Origin], err = python.Versions(ctx); err != nil {
			notes[run.Origin] = "not run: " + err.Error()
			say("%s: %v", run.Origin, err)
		} else {
			list = append(list, run.Python(python))
		}
	}
	built, err := run.Build(ctx, ".bin/peers", names)
	if err != nil {
		return nil, nil, err
	}
	versions := moduleVersions(ctx)
	for _, name := range names {
		notes[name] = description(name, versions)
	}
	return append(built, list...), notes, nil
}

func description(name string, version map[string]string) string {
	pgx := "pgx " + version["github.com/jackc/pgx/v5"]
	switch name {
	case run.PgxTuned:
		return pgx + ", tuned by hand"
	case run.PgxUsual:
		return pgx + ", as usually written"
	case run.Gorm:
		return "GORM " + version["gorm.io/gorm"] + " on " + pgx + ", PrepareStmt off"
	case run.Bun:
		return "bun " + version["github.com/uptrace/bun"] + " on " + pgx + ", simple protocol"
	case run.Ent:
		return "ent " + version["entgo.io/ent"] + " on " + pgx
	case run.All:
		return "Retort on " + pgx + ", all protections on"
	default:
		return "Retort on " + pgx + ", its reliability defaults on"
	}
}

var moduleLine = regexp.MustCompile(`(?m)^(\S+) v(\S+)$`)

// moduleVersions are those that the bench is built with; none where go does not
// tell.
func moduleVersions(ctx context.Context) map[string]string {
	out, err := exec.CommandContext(ctx, "go", "list", "-C", "bench", "-m", "-f", "{{.Path}} {{.Version}}",
		"github.com/jackc/pgx/v5", "gorm.io/gorm", "github.com/uptrace/bun", "entgo.io/ent").Output()
	versions := map[string]string{}
	if err == nil {
		for _, m := range moduleLine.FindAllSubmatch(out, -1) {
			versions[string(m[1])] = string(m[2])
		}
	}
	return versions
}
