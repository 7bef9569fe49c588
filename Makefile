# kizu. Each target sets up what it needs, and does nothing the second time.
#
#   make demo     run experiments/quick.yaml on this machine
#   make test     lint and tests: ten minutes on two cores
#   make test-slow  the tests that are left: half an hour more
#   make test-slurm  the tests of --executor slurm, on a real Slurm of two nodes on this machine
#   make publish  run experiments/quick.yaml anew and write what it came to into experiments/published
#   make bench    benchmarks (about an hour); KOHYA=CHECKOUT KOHYA_PYTHON=... adds those of sd-scripts
#   make chaos    kill a small experiment 200 times at random moments (about an hour)
#   make fuzz     fuzz what reads other people's bytes, a minute each
#   make simulate  the tables of docs/results.md: how often reports are wrong (hours)
#   make article-dry  run the experiments on MVTec AD in small, on made-up photos
#   make build    only set up: .venv, build/, bin/kizu
#   make clean    remove all that, but not the results in runs/
#
# PYTHON=... chooses the Python to embed, 3.10 to 3.13 (default: python3). CONSTRAINTS=FILE chooses other
# versions of packages, such as a torch for an older driver; see README.md.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.PHONY: build demo publish test test-slow lint test-go race test-python test-slurm bench chaos fuzz simulate article-dry clean
env := . build/env;
# Packages and options of the user's own Python are none of kizu's.
unexport PYTHONPATH PYTHONHOME PYTHONOPTIMIZE PYTHONSTARTUP

build:
	@scripts/setup

# Held to the code of every x86-64 processor with AVX2, so that what comes out can be compared with
# experiments/published.
demo: build
	@bin/kizu run experiments/quick.yaml --reproducible

publish: build
	@rm -rf build/published
	@bin/kizu run experiments/quick.yaml --reproducible --store build/published
	@bin/kizu report experiments/quick.yaml --store build/published --publish

test: lint test-python test-go

lint: build
	@unformatted=$$(gofmt -l orchestrator pyembed); [ -z "$$unformatted" ] || { echo "not gofmt-formatted: $$unformatted" >&2; exit 1; }
	@$(env) go vet ./...
	@$(env) go tool staticcheck ./...
	@.venv/bin/ruff check --quiet scripts pyembed experiments
	@.venv/bin/ruff format --quiet --check scripts pyembed experiments

# The race detector is for what computes at once; what only decides would take ten times as long in it.
concurrent := ./pyembed/... ./orchestrator/execute/... ./orchestrator/store ./orchestrator/filehash ./orchestrator/schedule

test-go: build
	@$(env) go test -short -race -timeout 40m $(concurrent)
	@$(env) go test -short -timeout 40m $$(go list ./... | grep -vxF "$$(go list $(concurrent))")

race: build
	@$(env) go test -race -timeout 120m ./...

# Trainings in all precisions and families, kills, hubs, simulated studies: what takes longer than it often tells.
slow_scripts = $(shell grep -l '^\[short\]' orchestrator/command/testdata/script/*.txtar | xargs -n 1 basename -s .txtar | paste -sd'|')
test-slow: build
	@$(MAKE) --no-print-directory test-python PYTEST="-m slow"
	@$(env) go test -timeout 40m -run '^(TestChaos|TestARunIsWatchedInABrowser)$$|^TestScripts$$/^($(slow_scripts))$$' ./orchestrator/command
	@$(env) go test -timeout 40m ./pyembed/... ./orchestrator/result ./orchestrator/report ./orchestrator/execute

# PYTEST=... takes other arguments than those that leave out what is slow.
# Threads that wait for work sleep, as in kizu's workers: several processes share the cores.
PYTEST ?= -m "not slow"
test-python: build
	@GOMP_SPINCOUNT=1000 .venv/bin/python3 -m pytest -q -n auto --maxprocesses 4 $(PYTEST) scripts/tests

# KIZU_SLURM_FAULTS=1 adds the slow ones: nodes that die, time limits, preemption.
test-slurm: build
	@$(env) scripts/slurm_cluster go test -count=1 -timeout 60m $${KIZU_SLURM_FAULTS:+-v} -run '^(TestExecutors|TestSlurm.*)$$' ./orchestrator/command

bench: build
	@$(env) go test -run '^$$' -bench . -benchmem ./...
	@$(env) .venv/bin/python3 scripts/bench/snakemake_noop.py
	@$(env) .venv/bin/python3 scripts/bench/host_memory.py
	@$(env) .venv/bin/python3 scripts/bench/speed.py
	@$(env) .venv/bin/python3 scripts/bench/real_size.py $(if $(KOHYA),--kohya $(KOHYA) --kohya-python $(or $(KOHYA_PYTHON),python3))

chaos: build
	@$(env) KIZU_CHAOS=$${KIZU_CHAOS:-200} go test -count=1 -timeout 12h -run '^TestChaos$$' -v ./orchestrator/command

fuzz: build
	@$(env) for target in experiment/FuzzParse store/FuzzManifest store/FuzzFields store/FuzzJournal execute/FuzzEvents execute/slurm/FuzzQueue execute/worker/FuzzRequests; do \
		go test -run '^$$' -fuzz "^$${target##*/}\$$" -fuzztime 1m ./orchestrator/$${target%/*}; \
	done

# KIZU_SIMULATE is the number of simulated studies of each design.
simulate: build
	@$(env) KIZU_SIMULATE=$${KIZU_SIMULATE:-1000} go test -count=1 -timeout 24h -v -run '^Test(FamilywiseError|DifferencesAreFound|DesignsShow|OneSeedClaimsNothing|IntervalsCover|IntervalsCoverTheDraw|WorthCovers)$$' ./orchestrator/result

article-dry: build
	@$(env) KIZU_ARTICLE_DRY=1 go test -count=1 -timeout 30m -run TestArticleDry -v ./orchestrator/command

clean:
	rm -rf bin build .venv .ruff_cache .pytest_cache
