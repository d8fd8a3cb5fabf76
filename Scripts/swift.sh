#!/usr/bin/env bash
# Runs `swift build` with the engine in reach and its output reduced to what a person needs: how far it is, then
# warnings and errors in full. Arguments go to swift.

. "$(dirname "$0")/common.sh"
cd "$roost_root"

eval "$(Scripts/engine.sh env)"
if [ -n "${ROOST_VERBOSE:-}" ]; then exec swift "$@"; fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
show() {
    local line next=0 step
    while IFS= read -r line || [ -n "$line" ]; do
        printf '%s\n' "$line" >>"$log"
        if [[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]]; then
            if [ -t 2 ]; then
                printf '\rRoost: %s of %s steps\033[K' "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" >&2
            else
                # The total grows while it builds; planning alone counts a handful of steps.
                if [ "${BASH_REMATCH[1]}" -ge "$next" ] && [ "${BASH_REMATCH[2]}" -gt 10 ]; then
                    step=$((BASH_REMATCH[2] / 10))
                    next=$((BASH_REMATCH[1] + (step > 10 ? step : 10)))
                    say "Roost: ${BASH_REMATCH[1]} of ${BASH_REMATCH[2]} steps"
                fi
            fi
        elif [[ $line == Fetching\ * ]] && [ -t 2 ]; then
            printf '\r%s\033[K' "$line" >&2
        fi
    done
    if [ -t 2 ]; then printf '\r\033[K' >&2; fi
}

status=0
swift "$@" 2>&1 | show || status=$?
if [ "$status" -ne 0 ]; then
    if grep -qE '(error|fatal): ' "$log"; then
        # From the first error on; a dependency's notes before it are no help.
        grep -vE '^\[[0-9]+/[0-9]+\]' "$log" | awk '/(error|fatal): /, 0' | head -n 120 >&2
    else
        tail -n 60 "$log" >&2
    fi
    if grep -qE "Killed|signal 9" "$log"; then
        die "The compiler ran out of memory." "Build with fewer at once: swift build --jobs 1"
    fi
    die "swift $1 failed."
fi
# Warnings of our own sources; those of dependencies are theirs.
grep -E '^/.*(warning|error): ' "$log" | grep -v '/checkouts/' >&2 || true
