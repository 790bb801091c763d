# What is done with this repository, a target for each; `make` prints them. It needs Go, make
# and bash: the other tools are pinned in tools.mod and are built when they are first used. A
# comment after ## is the target's line of help.

.DEFAULT_GOAL := help
.PHONY: help test short race lint cross bench bench-compare api fuzz cover examples tidy ci

# The modules of the workspace. To the go command "work" is every package of all of them.
modules := $(shell go list -m -f '{{.Dir}}')

# A second module file and a workspace do not go together.
tool := GOWORK=off go tool -modfile="$(CURDIR)/tools.mod"

help: ## print this list
	@awk -F ' *## *' '/^[a-z-]+:.*## /{ sub(/:.*/, "", $$1); printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

test: ## all tests of all modules
	go test work

short: ## the quick tests of all modules
	go test -short work

race: ## the tests where goroutines meet, under the race detector; needs a C compiler
	go test -race ./run/... ./internal/job/... ./internal/task/... ./internal/exchange/... ./internal/keyed/... ./connector/...
	@# The sweeps of the store are one goroutine's.
	go test -race -run 'Writer|Large|Parallel|Store|Recover|Lock|Verify|Shared|Copy' ./checkpoint/store

lint: ## gofmt, go vet, go mod tidy, staticcheck, errcheck, actionlint: none may find anything
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { printf 'gofmt would change:\n%s\n' "$$unformatted"; exit 1; }
	go vet work
	@for m in $(modules); do cd "$$m" && echo "$$m: go mod tidy, staticcheck, errcheck" && \
		go mod tidy -diff && $(tool) staticcheck ./... && \
		$(tool) errcheck -ignoretests -exclude "$(CURDIR)/.ci/errcheck-exclude.txt" ./... || exit 1; done
	@$(tool) actionlint .github/workflows/*.yml

cross: ## build for the other systems, and vet the tests for those that hosted CI runs them on
	for t in darwin/arm64 windows/amd64; do GOOS=$${t%/*} GOARCH=$${t#*/} go vet work || exit 1; done
	for t in linux/arm64 linux/386 freebsd/amd64; do GOOS=$${t%/*} GOARCH=$${t#*/} CGO_ENABLED=0 go build work || exit 1; done

BENCH ?= .
COUNT ?= 8
bench: ## the ratios of bench/README.md: minutes, on a quiet machine; some of them: BENCH=Restore
	go test -run '^$$' -bench '$(BENCH)' -benchtime 3x -timeout 30m ./bench

bench-compare: ## benchmarks of a package against BASE=commit, in turn, by benchstat; PKG=. BENCH=. COUNT=8
	@scripts/bench-compare '$(BASE)' '$(or $(PKG),.)' '$(BENCH)' '$(COUNT)'

api: ## what the exported API has gained and lost since BASE=commit, by apidiff
	@scripts/api-compare '$(BASE)'

FOR ?= 1m
fuzz: ## fuzz for FOR=1m each: all targets, those of PKG=./flink, or one of them: FUZZ=FuzzString
	@scripts/fuzz '$(FOR)' '$(PKG)' '$(FUZZ)'

cover: ## what the quick tests of this module run: dist/cover.html, and the total
	@mkdir -p dist
	go test -short -coverpkg=./... -coverprofile=dist/cover.out ./...
	@go tool cover -html=dist/cover.out -o dist/cover.html
	@go tool cover -func=dist/cover.out | tail -n 1

examples: ## every example once, each in a directory of its own
	@dir=$$(mktemp -d); trap 'rm -rf "$$dir"' EXIT; \
		for e in $$(go list -f '{{if eq .Name "main"}}{{.ImportPath}}{{end}}' ./examples/...); do \
		echo "== $$e"; mkdir "$$dir/$${e##*/}" && go build -o "$$dir/$${e##*/}/example" "$$e" && \
		(cd "$$dir/$${e##*/}" && ./example) || exit 1; done

tidy: ## go mod tidy for every module and for tools.mod
	for m in $(modules); do (cd "$$m" && go mod tidy) || exit 1; done
	@# tools.mod is tidied in a directory without packages: these belong to another module.
	dir=$$(mktemp -d); trap 'rm -rf "$$dir"' EXIT; cp tools.mod "$$dir/go.mod" && cp tools.sum "$$dir/go.sum" && \
		(cd "$$dir" && GOWORK=off go mod tidy) && cp "$$dir/go.mod" tools.mod && cp "$$dir/go.sum" tools.sum

ci: ## all that must hold before a change lands, half an hour; what the machine lacks is skipped
	.ci/run
