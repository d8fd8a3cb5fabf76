#!/usr/bin/env bash
# Builds the benchmark program and runs it beside the peers, on the demo model or MODEL_FILE.
# Arguments: the benchmarks to run (speed, gguf); all without one.

. "$(dirname "$0")/common.sh"
cd "$roost_root"

eval "$(Scripts/engine.sh env)"
ROOST_TEST_MODEL=${MODEL_FILE:-$(Scripts/model.sh)}
ROOST_BENCH_PYTHON=$(Scripts/python.sh "$roost_root/Benchmarks/requirements.txt")
export ROOST_TEST_MODEL ROOST_BENCH_PYTHON
Scripts/swift.sh build -c release --product RoostBench
exec "$(swift build -c release --show-bin-path)/RoostBench" "$@"
