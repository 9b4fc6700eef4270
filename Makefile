# `make test` does all set-up that the tests need and runs them; the README shows it.

SHELL := /bin/bash
GO    ?= go
BIN   := $(CURDIR)/.bin
LINT  := $(BIN)/golangci-lint
LINT_VERSION := v2.15.0

export PATH := $(BIN):$(PATH)

.PHONY: test setup build vet lint unit e2e bench generate clean

test: setup vet unit e2e lint

# What real parts the tests drive: the aws CLI, curl, nginx, Node.js with the packages of e2e/package.json, PostgreSQL.
setup:
	@scripts/setup

build:
	$(GO) build -o bin/poolgate ./cmd/poolgate

vet:
	$(GO) vet ./...

lint: $(LINT)
	$(LINT) run

$(LINT):
	GOBIN=$(BIN) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)

# Unit and conformance tests, with the race detector.
unit:
	$(GO) test -race $$($(GO) list ./... | grep -v /e2e)

# Real clients against the real binary.
e2e:
	$(GO) test -count=1 ./e2e/...

bench:
	@bench/run

# MODELS is the botocore/data-like directory of service models that the tables are made from.
generate:
	$(GO) run ./internal/wire/gen -models $(MODELS) -out internal/wire/model

clean:
	rm -rf bin .bin e2e/node_modules e2e/output
