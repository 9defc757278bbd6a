# What people and CI call. Each target says what it needs; none needs root
# once the images are there.

SUITE ?= bookworm
GO ?= go
# Never from the cache: what real servers did once is no result of today.
TEST_FLAGS ?= -count=1 -timeout 22m
CONFORMANCE_FLAGS ?= -count=1 -timeout 90m -parallel 4

.PHONY: help images regress-images build test unit lint drill conformance faults scorecard bench simbench fuzz canaries nightly clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

images: ## build the images that are missing, and only those (needs Docker)
	@docker/build.sh $(SUITE)

build: ## build bin/cyrdrill
	@$(GO) build -o bin/cyrdrill ./cmd/cyrdrill

drill: build ## the main job: the whole incident, on real servers, or on the simulator where no Docker engine answers
	@! docker info >/dev/null 2>&1 || docker/build.sh $(SUITE)
	@bin/cyrdrill run replica-behind-and-corrupt

regress-images: # that bugs which are known are in one Cyrus and not in another is shown on both
	@docker/build.sh bookworm trixie

# What takes longest is begun first: begun last, by its name, it would run alone.
test: lint images regress-images ## every test, real Cyrus included (needs Docker)
	@CI=true $(GO) tool gotestsum --format pkgname-and-test-fails -- $(TEST_FLAGS) ./scenarios ./...

unit: ## the tests that need no Docker, under the race detector; the others skip
	@DOCKER_HOST=tcp://127.0.0.1:1 CI= $(GO) test -race $(TEST_FLAGS) ./...

lint: ## gofmt, vet, staticcheck
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$unformatted" || { echo "not gofmt-ed: $$unformatted"; exit 1; }
	@$(GO) vet ./...
	@$(GO) tool staticcheck ./...

conformance: images ## the simulator against real Cyrus: 300 random plans, and all that were kept (needs Docker)
	@CI=true $(GO) test $(CONFORMANCE_FLAGS) ./harness/conform -suite $(SUITE) -plans 300 -pairs 4 -every-kept -go-on -strict

faults: images ## every fault of the catalogue, the incident without each of its repairs, and the stock tools beside ours, on real servers (needs Docker)
	@CI=true $(GO) test -count=1 -p 1 -timeout 90m ./harness/fault ./harness/detect -every-fault
	@CI=true $(GO) test -count=1 -timeout 30m -run 'Repairs|StockTools' ./scenarios -every-repair -every-stock
	@CI=true $(GO) test -count=1 -timeout 60m -run EveryFault ./scenarios -every-fault

scorecard: build images ## what each detector finds of every fault, on both targets (needs Docker)
	@bin/cyrdrill score --target both --suite $(SUITE) --pairs 3 || test $$? -eq 3 # docker cannot make four of the trials

simbench: ## the simulator's figures, on one core (needs no Docker)
	@GOMAXPROCS=1 $(GO) test -p 1 -run '^$$' -bench . -timeout 30m ./sim ./harness/drill ./harness/score

bench: images simbench ## the figures of docs/performance.md (needs Docker)
	@$(GO) test -p 1 -run '^$$' -bench . -skip Incident -benchtime 10x -timeout 30m ./harness/cyrus ./cmd/...
	@$(GO) test -p 1 -run '^$$' -bench Incident -benchtime 3x ./cmd/...
	@$(GO) test -p 1 -run '^$$' -bench . -benchtime 5x -timeout 60m ./harness/target/dlist ./harness/detect
	@$(GO) test -p 1 -run '^$$' -bench . -benchtime 3x -timeout 60m ./harness/salvage

fuzz: ## every fuzz target, a minute each
	@for package in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz'); do \
	    echo "$$package $$target"; $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime 1m $$package || exit 1; \
	  done; \
	done

canaries: ## plant each of the bugs that exploration has to find, and look that it does (needs no Docker)
	@$(GO) test -count=1 -timeout 2h -v -run Exploration ./harness/explore/canaries -all -within 60s

nightly: test unit canaries faults conformance scorecard bench fuzz ## all of it

clean: ## remove what was built here; images stay
	@rm -rf bin
