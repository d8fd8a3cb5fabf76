#!/usr/bin/env bash
# Builds the benchmark program and runs it beside llama.cpp's own tools, on the demo model or MODEL_FILE.

. "$(dirname "$0")/common.sh"
cd "$roost_root"

eval "$(Scripts/engine.sh env)"
ROOST_TEST_MODEL=${MODEL_FILE:-$(Scripts/model.sh)}
export ROOST_TEST_MODEL
Scripts/swift.sh build -c release --product RoostBench
ROOST_BENCH=$(swift build -c release --show-bin-path)/RoostBench
export ROOST_BENCH

if [ -x Benchmarks/run.sh ]; then exec Benchmarks/run.sh "$@"; fi
exec "$ROOST_BENCH" "$@"
