# Everything a person or a machine does with the project, by name. The work is in scripts/.

MODULES = Bakery BakeryTesting
TARGETS = $(foreach module,$(MODULES),--target $(module))

.PHONY: help setup test test-toolkit test-applications demo check format format-check portability-check tidy docs \
  docs-check api api-check entities-check snippets counts bench explore mutants

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | \
	  while IFS='|' read -r name text; do printf '%-18s %s\n' "$$name" "$$text"; done

setup: ## Install what is missing to build and test (needs root only then)
	@scripts/setup

test: test-toolkit test-applications ## Run all tests

test-toolkit: setup ## Run the tests of the toolkit
	swift test --disable-xctest
	swift test --disable-swift-testing --skip-build

test-applications: setup ## Run the tests of the applications
	cd Applications && swift test --disable-xctest

demo: setup ## Scrape a sample site one page at a time and then many, and compare
	cd Applications && swift build -c release --product bakery
	Applications/.build/release/bakery demo --out demo/out

# Warnings are errors here; each step also has a target of its own.
check: export CI = true
check: setup format-check portability-check tidy docs-check api-check entities-check ## Check format, house rules, documentation, interface

format-check: ## Check the format
	scripts/format

portability-check: ## Compile what C code other systems than Linux get
	@for file in Sources/C*/*.c; do \
	  clang -fsyntax-only -Wall -Werror -U__linux__ $(patsubst %,-I%,$(wildcard Sources/C*/include)) $$file || exit 1; \
	done

tidy: ## Check the house rules
	swift test --disable-xctest --filter TidyTests

docs-check: ## Build the documentation, with warnings as errors
	@set -e; for module in $(MODULES); do \
	  echo "documentation of $$module"; \
	  DOCS=1 swift package generate-documentation --target $$module --warnings-as-errors; \
	done

api-check: ## Compare the public interface with api/
	scripts/api

entities-check: ## Compare the names of characters with Python's
	scripts/entities --check

api: ## Accept the public interface as it is into api/
	scripts/api --write

format: ## Format all Swift files in place
	scripts/format --in-place

snippets: ## Run every example in Snippets/
	scripts/snippets

counts: setup ## Count instructions and allocations of the hot paths against their bounds
	scripts/counts

docs: setup ## Write the documentation as a web site into docs/site
	DOCS=1 swift package --allow-writing-to-directory docs/site generate-documentation $(TARGETS) \
	  --enable-experimental-combined-documentation --output-path docs/site \
	  --transform-for-static-hosting --disable-indexing

# For how many seconds `make explore` looks.
BUDGET = 120

explore: ## Try the primitives in many orders, for BUDGET=seconds
	BAKERY_EXPLORE=$(BUDGET) swift test --disable-xctest --filter ExploredSpecificationTests

mutants: ## Plant defects in a copy of the primitives and see that all are found
	scripts/mutants

bench: ## Measure against the peers: all suites, or SUITE=name
	scripts/bench $(SUITE)
