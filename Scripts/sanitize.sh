#!/usr/bin/env bash
# Builds and runs the unit tests under ThreadSanitizer and AddressSanitizer, each in a build folder of its own.
# Arguments: thread, address, or nothing for both; then what goes to `swift test`, such as --filter Name. The engine
# itself is not instrumented: what Roost does with it is.

. "$(dirname "$0")/common.sh"
cd "$roost_root"

sanitizers=(thread address)
case ${1:-} in
    thread | address)
        sanitizers=("$1")
        shift
        ;;
esac

eval "$(Scripts/engine.sh env)"
# What needs a real model, the built program or peers is not the unit tests' business, and sanitized it would take hours.
unset ROOST_TEST_MODEL ROOST_ENGINE_TOOLS
export NO_COLOR=1
choice=(--skip IntegrationTests)
[ $# -eq 0 ] || choice=("$@")

# Workers are the plain program: a sanitizer's own system calls are among those that their sandbox forbids.
for product in WorkerProgram OffloadProgram roost; do Scripts/swift.sh build --product "$product"; done
ROOST_TEST_PROGRAMS=$(swift build --show-bin-path)
export ROOST_TEST_PROGRAMS

status=0
for sanitizer in "${sanitizers[@]}"; do
    folder=.build-$sanitizer
    say "Building the tests with the $sanitizer sanitizer"
    # The linker complains of a thousand symbols of the sanitizer's own, which nobody has to export.
    Scripts/swift.sh build --build-tests --sanitize="$sanitizer" --build-path "$folder" 2>&1 |
        { grep --line-buffered -v "Cannot export local symbol '__asan_" || true; }
    log=$folder/tests.log
    # What ThreadSanitizer does not see of Swift's own libraries, it is told.
    preload=
    if [ "$sanitizer" = thread ] && [ "$(uname -s)" = Linux ]; then
        preload=$PWD/$folder/SwiftEvents.so
        clang -O2 -shared -fPIC -o "$preload" Scripts/sanitize/SwiftEvents.c
    fi
    # swift-testing's and Foundation's own start-up leaks are the system's; Roost's memory is watched by the soak.
    if env ${preload:+"LD_PRELOAD=$preload"} ASAN_OPTIONS=detect_leaks=0 \
        TSAN_OPTIONS="halt_on_error=0 second_deadlock_stack=1" \
        swift test --skip-build --sanitize="$sanitizer" --build-path "$folder" \
        --experimental-maximum-parallelization-width 6 "${choice[@]}" >"$log" 2>&1; then
        result=passed
    else
        result=failed
    fi
    findings=$(grep -cE 'WARNING: ThreadSanitizer|ERROR: AddressSanitizer' "$log" || true)
    total=$(grep -oE 'Test run with [0-9]+ tests?' "$log" | awk '{ n += $4 } END { print n + 0 }')
    if [ "$result" = failed ] || [ "$findings" -ne 0 ] || [ "$total" -eq 0 ]; then
        grep -E -A 24 'WARNING: ThreadSanitizer|ERROR: AddressSanitizer|^✘' "$log" | head -n 150 >&2
        say "FAILED ($sanitizer): $total tests $result, $findings findings; the whole log is $log"
        status=1
    else
        say "PASSED ($sanitizer): $total tests, no findings"
    fi
done
exit "$status"
