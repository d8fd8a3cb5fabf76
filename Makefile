# The one door: everything a person does with this tree is a target here. `make help` lists them.

SHELL := /bin/bash
BUILD := Scripts/swift.sh build

# Swift's sources; what is built lies elsewhere.
SOURCES := Package.swift Sources Tests Examples Benchmarks

.DEFAULT_GOAL := help
.PHONY: run test test-offload sanitize soak build release engine env bench lint format clean help

run: ## Build everything and talk to a model (MODEL=name and PROMPT=text choose others)
	@Scripts/system.sh
	@Scripts/engine.sh libs
	@Scripts/run.sh

test: ## Build and run all tests (ARGS="--filter Name" for some, ROOST_VERBOSE=1 for all output)
	@Scripts/system.sh
	@Scripts/engine.sh libs
	@Scripts/engine.sh tools
	@Scripts/test.sh $(ARGS)

test-offload: ## The tests of models on GPUs, on Vulkan in software (an engine of its own: 10 minutes, once)
	@Scripts/system.sh
	@Scripts/engine.sh libs
	@Scripts/test-offload.sh $(ARGS)

sanitize: ## Run the unit tests under ThreadSanitizer and AddressSanitizer (ARGS=thread or address for one)
	@Scripts/system.sh
	@Scripts/engine.sh libs
	@Scripts/sanitize.sh $(ARGS)

soak: ## Half an hour of clients good and bad (ARGS="--minutes 5" for less)
	@Scripts/system.sh
	@Scripts/engine.sh libs
	@Scripts/soak.sh $(ARGS)

build: engine ## Debug build of everything
	@$(BUILD)

release: engine ## Release build of the roost program
	@$(BUILD) -c release --product roost
	@echo "$$(swift build -c release --show-bin-path)/roost"

engine: ## Build the engine (llama.cpp) into the cache, if it is not there; prints its prefix
	@Scripts/system.sh
	@Scripts/engine.sh libs
	@Scripts/engine.sh prefix

env: ## Print the shell settings that swift build needs: eval "$$(make -s env)"
	@Scripts/engine.sh env

bench: ## Measure speed beside llama.cpp's own tools
	@Scripts/system.sh
	@Scripts/engine.sh libs
	@Scripts/engine.sh tools
	@Scripts/bench.sh $(ARGS)

lint: ## Check formatting and style
	@swift format lint --strict --parallel --recursive $(SOURCES)

format: ## Format all Swift sources in place
	@swift format --in-place --parallel --recursive $(SOURCES)

clean: ## Remove build results (the engine in the cache stays)
	@rm -rf .build .build-vulkan
	@Scripts/engine.sh clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { gsub(/\$$\$$/, "$$", $$2); printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
