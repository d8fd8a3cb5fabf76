#!/usr/bin/env bash
# Builds and runs all tests, quietly: progress while it builds, then failures in full and one summary line.
# Arguments go to `swift test` (for example --filter GGUF). ROOST_VERBOSE=1 shows everything.

. "$(dirname "$0")/common.sh"
cd "$roost_root"

eval "$(Scripts/engine.sh env)"
ROOST_TEST_MODEL=$(Scripts/model.sh)
ROOST_TEST_EMBEDDING_MODEL=$(Scripts/minilm.sh)
ROOST_TEST_PYTHON=$(Scripts/python.sh)
ROOST_TEST_PYTHON_ADAPTERS=$(Scripts/python.sh Tests/IntegrationTests/python/adapters.txt)
ROOST_TEST_PYTHON_HUB=$(Scripts/python.sh Tests/ModelHubsTests/python/requirements.txt)
ROOST_TEST_PYTHON_SCHEMA=$(Scripts/python.sh Tests/InferenceTests/python/requirements.txt)
ROOST_TEST_PYTHON_SCHEMATHESIS=$(Scripts/python.sh Tests/IntegrationTests/python/schemathesis.txt)
export ROOST_TEST_MODEL ROOST_TEST_EMBEDDING_MODEL ROOST_TEST_PYTHON ROOST_TEST_PYTHON_ADAPTERS ROOST_TEST_PYTHON_HUB
export ROOST_TEST_PYTHON_SCHEMA ROOST_TEST_PYTHON_SCHEMATHESIS
# The lines are read below; colour would be in the way.
export NO_COLOR=1

# Hundreds of tests at once starve those that talk to servers of threads, and time limits strike that nobody broke.
width=(--experimental-maximum-parallelization-width 6)

started=$SECONDS
Scripts/swift.sh build --build-tests
built=$SECONDS

log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
if [ -n "${ROOST_VERBOSE:-}" ]; then
    swift test --skip-build "${width[@]}" "$@" 2>&1 | tee "$log" || status=$?
else
    swift test --skip-build "${width[@]}" "$@" >"$log" 2>&1 || status=$?
fi

total=$(grep -oE 'Test run with [0-9]+ tests?' "$log" | awk '{ n += $4 } END { print n + 0 }')
if [ "$status" -ne 0 ]; then
    if [ -z "${ROOST_VERBOSE:-}" ]; then
        # Each failed expectation with the comments and values below it; a crash is at the end of the log.
        grep -E '^(✘|↳|􀢄|􀄵)|error:|Fatal error|Crash' "$log" |
            grep -vE '(Testing Library Version|Target Platform):|^. +(Suite|Test run) ' | head -n 200 >&2 || true
        grep -q 'Test run with' "$log" || tail -n 40 "$log" >&2
    fi
    failed=$(grep -E '^(✘|􀢄) +Test .* failed after' "$log" | grep -cvE '^. +Test run ' || true)
    say "FAILED: $failed of $total tests failed (build $((built - started)) s, tests $((SECONDS - built)) s)"
    exit 1
fi
if [ "$total" -eq 0 ]; then
    tail -n 20 "$log" >&2
    die "No test ran."
fi
skipped=$(grep -cE '^(➜|􀙟) +Test .* skipped' "$log" || true)
say "PASSED: $total tests$([ "$skipped" -eq 0 ] || echo ", $skipped of them skipped") (build $((built - started)) s, tests $((SECONDS - built)) s)"
