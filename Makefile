# One thing per target; `make` prints them. Modules are named, because ./... at
# the root matches none of them. Everything works with GOWORK=off too.

MODULES  := proto services
FUZZTIME ?= 60s
ARGS     ?=
SKIP     ?=

export GOFLAGS := $(strip $(filter-out -buildvcs=false,$(GOFLAGS)) -buildvcs=false)

TOOLS := $(CURDIR)/bin/tools

.DEFAULT_GOAL := help
.PHONY: help demo run build test race race-short assets browser browser-short a11y screenshots kills chaos chaos-ci chaos-short simulate planted lint generate fuzz bench differential oracles check clean

help: ## print this
	@echo "usage: make TARGET"
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: build ## run one case from offer to bank account and print each step; ARGS="--cases 50 --parallel 8"
	bin/kompetansespor demo $(ARGS)

run: assets build ## start every service and stay; prints base URLs and development tokens
	bin/kompetansespor up $(ARGS)

# Without paths of this machine everything is compiled anew; CI, which has compiled it
# for the tests, sets this to nothing.
TRIM ?= -trimpath

build: ## build bin/kompetansespor
	cd services && go build $(TRIM) -o ../bin/kompetansespor ./cmd/kompetansespor

# The full series of kills takes five minutes and has a target of its own;
# make test kills each service once.
KILLS := TestFiftyCasesSurviveThreeKillsOfEachService

# Building the program with a mistake or as its next version, and running it, takes
# four.
PLANTED := TestChaosFindsPlantedMistakes|TestCasesSurviveRollingUpgrades|TestLosesWhatWasNotSynced

# SKIP leaves out more.
test: ## run all tests but the full series of kills and the planted mistakes, and name those that were skipped and why
	scripts/gotest $(MODULES) -- -skip '$(KILLS)|$(PLANTED)$(if $(SKIP),|$(SKIP))'

# Other implementations run in processes of their own, where the race detector
# sees nothing: make test asks them.
race: ## run the same tests under the race detector, but those that ask other implementations
	scripts/gotest $(MODULES) -- -race -skip '$(KILLS)|$(PLANTED)|Oracle$(if $(SKIP),|$(SKIP))'

# What runs side by side in every service. It is the part of race that CI has the
# time for.
SIDE_BY_SIDE := $(addprefix ./internal/,agent cache eventbus events keystore resolver rpc runner sqldb trust)

race-short: ## run under the race detector what runs side by side
	scripts/postgres sh -c 'cd services && go test -race $(SIDE_BY_SIDE)'

kills: ## fifty cases for each service and NATS, each killed three times on the way
	cd services && go test -count=1 -timeout 20m -run $(KILLS) -v ./e2e

# Fifty cases under every fault, on one of each and on a cluster.
chaos: build simulate ## a thousand simulated runs, then fifty cases under every fault, three times each, on SQLite and on a cluster
	bin/kompetansespor chaos --seed 1 --cases 50 --times 3
	bin/kompetansespor chaos --seed 1 --cases 50 --times 3 --cluster

# A simulated run is one thread: the same seed gives the same run.
simulate: build ## a thousand simulated runs of five cases, side by side
	scripts/simulate 1 1000

# What CI has the time for; chaos has every fault.
chaos-ci: build ## a hundred simulated runs, then the demo on SQLite and on a cluster, and five cases with kills
	scripts/simulate 1 100
	bin/kompetansespor chaos --seed 2 --cases 5 --fault kill
	bin/kompetansespor demo --cases 3 --parallel 3 --cluster

chaos-short: build ## a hundred simulated runs, then the demo and a few cases under some faults, on SQLite and on a cluster
	scripts/simulate 1 100
	bin/kompetansespor demo --cases 3 --parallel 3
	bin/kompetansespor chaos --seed 2 --cases 10 --fault kill,nats-kill,key-rotation
	bin/kompetansespor demo --cases 3 --parallel 3 --cluster
	bin/kompetansespor chaos --seed 2 --cases 10 --cluster --fault kill,redis-flush,postgres-failover

planted: ## plant mistakes in the program, each of which a chaos run must find, and upgrade it as it runs
	cd services && go test -count=1 -timeout 20m -run '$(PLANTED)' -v ./chaos/...

# One language is looked at here; the other is walked.
browser: assets build ## walk the whole case in a browser: by clicking in nb and en, without scripts, by keyboard alone
	scripts/browser/run --walk public --walk case --walk refusal --walk without-scripts --walk keyboard --every --also en

# What CI has the time for; refusals, en and pages that no walk has looked at are in
# browser, which check runs.
browser-short: assets build ## walk the case in nb alone: by clicking, without scripts, by keyboard alone
	scripts/browser/run --walk public --walk case --walk without-scripts --walk keyboard

a11y: assets build ## look at every page in all three languages: axe, structure, reflow at 320 px and 200 %; first prove that each check fires
	cd scripts/browser && node selftest.mjs && node live.mjs
	scripts/browser/run --walk public --walk case --walk refusal --every --lang nb --lang nn --lang en

screenshots: assets build ## make docs/screenshots anew (small where pngquant is installed)
	scripts/browser/run --walk public --walk case --walk refusal --every --lang en --shots docs/screenshots

lint: $(TOOLS)/built ## format, vet, staticcheck, build without go.work, contracts, and whether generated code is current
	PATH="$(TOOLS):$$PATH" scripts/lint $(MODULES)

generate: $(TOOLS)/built ## generate proto/gen from the contracts, and the pages' code from their templates
	PATH="$(TOOLS):$$PATH" scripts/generate
	PATH="$(TOOLS):$$PATH" scripts/pages

fuzz: ## run each fuzz target for FUZZTIME (60s)
	scripts/fuzz $(FUZZTIME) $(MODULES)

# Documents that the fast path and another implementation must agree on.
DOCUMENTS ?= 1000000

differential: oracles ## compare the canonical form of a million mutated documents with another implementation's, byte for byte
	cd services && KOMPETANSESPOR_NO_SKIP=1 KOMPETANSESPOR_DOCUMENTS=$(DOCUMENTS) go test -count=1 -timeout 6h -v -run 'TestMutatedDocuments' ./internal/jsonld

bench: ## run the benchmarks of the engine ten times each, and print medians beside raw Ed25519
	scripts/bench

# Pages are served without these files too, with our own stylesheet alone.
assets: ## copy Designsystemet's stylesheets for the program to embed (needs npm)
	@if command -v npm >/dev/null; then scripts/assets; \
	else echo "npm is not installed: pages will have our own stylesheet alone"; fi

oracles: ## install the other implementations that tests compare with (needs npm)
	@if command -v npm >/dev/null; then cd scripts/oracles && npm ci --no-audit --no-fund; \
	else echo "npm is not installed: tests against other implementations will be skipped"; fi

check: oracles assets build test race lint browser a11y kills planted chaos-short chaos ## everything that CI checks, and the full series of kills and faults

clean: ## remove what was built; databases and keys in data/ stay
	rm -rf bin

# buf, its plugins, templ and staticcheck at the versions of tools/go.mod. That module
# is outside go.work, so that its dependencies never meet ours.
$(TOOLS)/built: tools/go.mod tools/go.sum
	mkdir -p $(TOOLS)
	cd tools && GOWORK=off go build -o $(TOOLS)/ tool
	touch $@
