# Commands for developing Recado. `make` lists them.
# Works with GNU Make 3.81 and newer; nothing here needs root.

SHELL := /bin/bash
GO ?= go
FUZZTIME ?= 30s
SCHEDULES ?= 100000

# Tools have a module file of their own, so that go.mod lists what the program needs.
LINT := $(GO) tool -modfile=go.tools.mod golangci-lint

# x86 processors since 2009 count the bits of a word in one instruction, which halves the
# time of the search by signs. Other architectures do not look at this.
export GOAMD64 ?= v2

# Everything is compiled as the binary is: what one step compiled, the next ones find in
# the build cache. Only the race detector needs cgo, and with it a compilation of its own.
export CGO_ENABLED := 0
export GOFLAGS := $(strip $(GOFLAGS) -trimpath)

# Starts a real Postgres with pgvector and a real Redis, runs a command with
# their addresses in its environment, and stops them whatever came of it.
SERVICES := bin/testservices
WITH_SERVICES := $(SERVICES) run --

# The race detector makes code some ten times slower. These packages compute far
# more than they do at once: under it they run with -short, which leaves out what
# one goroutine computes for minutes and takes a fifth of the random cases, and
# then once more in full without it. All others run in full under it.
LONG := ./evals ./evals/report ./evals/runs ./evals/stats ./knowledge ./knowledge/extract

# The databases' stores wait for a disk with each step. Of the random schedules they
# play a fifth here: the store in memory plays all, and `make soak` a hundred thousand.
STORES := ./gateway/sqlite ./gateway/postgres

# The detector leaves out libraries that compute on memory of their own, where its checks
# find nothing and cost most: SQLite, which is C made into Go, with data outside Go's
# memory; the stemmers; the hash of passwords. Exempt no package that uses generics: the
# linker keeps one copy of what several packages instantiate, and a copy without checks
# makes the detector see races that are none.
UNCHECKED := modernc.org/sqlite/lib modernc.org/memory github.com/blevesearch/snowballstem/... \
	golang.org/x/crypto/argon2 golang.org/x/crypto/blake2b

# The tests make little that stays and much that does not: a collector that runs less often
# saves them much of their time, and the limit keeps it from taking all the memory.
SPARING := env GOGC=400 GOMEMLIMIT=1GiB

# -w leaves out what debuggers read; lint has run over everything before. Four tests at
# once, as many of them wait for a timer, a disk or a server.
FAST := $(GO) test -shuffle=on -vet=off -ldflags=-w -exec '$(SPARING)'
RACE := $(FAST) -race -parallel 4 $(UNCHECKED:%=-gcflags=%=-race=false)

.DEFAULT_GOAL := help
.PHONY: help build demo run test lint fmt tidy tidy-check cover fuzz soak bench up down ci services

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

build: ## build the static binary bin/recado
	$(GO) build -o bin/recado ./cmd/recado

demo: build ## try it: a shop, a phone and a desk in the browser, without keys or servers
	bin/recado demo

run: build ## start the server, configured by .env where there is one
	set -a; if [ -f .env ]; then . ./.env; fi; exec bin/recado serve

test: build services lint tidy-check ## check and test everything, with real servers and the race detector
	CGO_ENABLED=1 $(WITH_SERVICES) $(RACE) $$($(GO) list ./... | grep -vxF "$$($(GO) list $(LONG) $(STORES))")
	CGO_ENABLED=1 $(WITH_SERVICES) $(RACE) -short $(STORES) $(LONG)
	$(FAST) $(LONG)
	$(FAST) -run '^(TestTaint|TestSeededRegressionsAreFound|TestAHundredReplaysAreTheSame)$$' ./cmd/recado
	bin/recado eval run --no-keep

lint: ## look for mistakes, with all that vet looks for, and unformatted code
	$(LINT) run ./...

fmt: ## format the code and repair what can be repaired
	$(LINT) fmt ./...
	$(LINT) run --fix ./...

tidy: ## bring go.mod and go.sum up to date
	$(GO) mod tidy

tidy-check:
	$(GO) mod tidy -diff

cover: services ## measure what the tests reach; the pages are in bin/cover.html
	$(WITH_SERVICES) $(GO) test -coverpkg=./... -coverprofile=bin/cover.out ./...
	$(GO) tool cover -html=bin/cover.out -o bin/cover.html
	$(GO) tool cover -func=bin/cover.out | tail -n 1

fuzz: ## feed every parser random input, for FUZZTIME (30s) each
	@set -e -o pipefail; \
	grep -rEo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' . | sed 's|/[^/]*_test.go:func | |' | sort | \
	while read -r folder name; do \
		echo "== $$name in $$folder"; \
		$(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) "$$folder" </dev/null; \
	done

# Two players share the schedules. They are played on the store in memory, which passes the
# same contract as the databases; one in a hundred is played on SQLite as well.
soak: ## play SCHEDULES (100000) random schedules of a conversation, each checked against what must hold
	$(FAST) -count=1 -timeout 12h -run '^TestScripts$$/^Random' ./gateway/gatewaytest/memory -rapid.checks=$$(( ($(SCHEDULES) + 1) / 2 ))
	$(FAST) -count=1 -timeout 12h -run '^TestScripts$$/^Random' ./gateway/sqlite -rapid.checks=$$(( ($(SCHEDULES) + 199) / 200 ))

bench: services ## run the benchmarks; the output is also in bin/bench.txt
	set -o pipefail; $(WITH_SERVICES) $(GO) test -run '^$$' -bench . -benchmem -timeout 60m \
		./cmd/... ./gateway/... ./rag/... ./knowledge/... | tee bin/bench.txt

up: ## start Recado, Postgres and Redis in containers
	docker compose up --build --detach --wait

down: ## stop the containers; their data stays
	docker compose down

ci: build test ## what CI runs

services:
	@$(GO) build -o $(SERVICES) ./internal/testservices/cmd
