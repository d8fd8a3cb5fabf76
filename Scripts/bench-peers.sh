#!/usr/bin/env bash
# Installs the programs that a benchmark uses or measures beside Roost, where that needs no question (apt-get, root); else
# names the command. The benchmark leaves out what is missing. Arguments: program, or program:package.

. "$(dirname "$0")/common.sh"

missing=()
for program in "$@"; do have "${program%%:*}" || missing+=("${program##*:}"); done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" = 0 ] && have apt-get; then
    say "Installing ${missing[*]} to compare with"
    export DEBIAN_FRONTEND=noninteractive
    log=$(mktemp)
    { apt-get update -q && apt-get install -y -q --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 ||
        { tail -n 5 "$log" >&2 && say "${missing[*]} could not be installed."; }
    rm -f "$log"
else
    say "To compare with ${missing[*]} too: $(install_command "${missing[@]}")"
fi
