# SPDX-License-Identifier: Apache-2.0
# Unnati: a growth platform for very small businesses.
#
# One build, optimised, serves running, testing and measuring: what is tested is what runs (docs/decisions/0001).

.DEFAULT_GOAL := help
SWIFT ?= swift
BUILD = $(SWIFT) build -c release
VENV = .local/venv

.PHONY: help setup build run test bench conformance fuzz race slow soak faults format lint migrate

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install what this machine lacks (Debian packages, a Python environment); safe to repeat
	@docker/local/setup

build: setup ## Build the server
	$(BUILD) --product unnati

run: build ## Start everything: database, schema, server on 127.0.0.1:8080, demo data. Ctrl-C stops it
	@docker/local/run

test: setup ## Run every test
	@docker/local/test

bench: setup ## Measure against other stacks, side by side; writes docs/benchmarks.md (BENCH_QUICK=1: a look at the customer book)
	$(BUILD) --product unnati
	$(BUILD) --product JobProbe
	@Tests/Benchmarks/run

conformance: build ## Hold the HTTP server against its corpus and other servers; writes docs/http-conformance.md
	@docker/local/peers
	@docker/local/with-server sh -c '$(VENV)/bin/python Tests/Conformance $$UNNATI_PORT --write docs/http-conformance.md'

fuzz: setup ## Fuzz every parser for 60 seconds under AddressSanitizer
	@Tests/Fuzz/run

race: setup ## Run the tests of what threads share under ThreadSanitizer
	@docker/local/race

slow: build ## Two thousand slow clients of each kind (slowhttptest), watched by a well-behaved one
	@docker/local/setup slow
	@docker/local/with-server sh -c 'cd Tests/Outside && ../../$(VENV)/bin/python slow.py $$UNNATI_PORT'

soak: build ## Fifty drains, three times too much load, ten minutes of everything at once; writes docs/soak.md
	@docker/local/setup soak
	$(BUILD) --product JobProbe
	@docker/local/soak --write docs/soak.md

faults: build ## Restart, crash, fail over, fill and restore the database under load; writes docs/faults.md
	@docker/local/peers
	$(BUILD) --product JobProbe
	@$(VENV)/bin/python Tests/Outside/faults.py --write docs/faults.md

migrate: build ## Apply migrations to DATABASE_OWNER_URL
	.build/release/unnati migrate up

format: ## Format the Swift sources
	$(SWIFT) format --in-place --recursive Package.swift Sources $(wildcard Tests/*Tests) Tests/TestSupport $(wildcard Tests/*Probe) Tests/Fuzz

lint: setup ## Check formatting, migrations and the API description
	$(SWIFT) format lint --strict --recursive Package.swift Sources $(wildcard Tests/*Tests) Tests/TestSupport $(wildcard Tests/*Probe) Tests/Fuzz
	$(VENV)/bin/squawk --assume-in-transaction --pg-version 15.20 sql/*.sql
	$(VENV)/bin/openapi-spec-validator openapi.yaml
