#!/usr/bin/env bash
# Checks that the system has what building Roost needs; installs what is missing when that is possible without
# asking (apt-get, root), else names the command.

. "$(dirname "$0")/common.sh"

missing=()
want() { case " ${missing[*]-} " in *" $1 "*) ;; *) missing+=("$1") ;; esac; }

# A C compiler to ask whether a header is there; the Swift toolchain brings clang.
compiler=
for candidate in ${CC-} cc gcc clang; do
    if have "$candidate"; then
        compiler=$candidate
        break
    fi
done
has_header() { [ -n "$compiler" ] && echo "#include <$1>" | "$compiler" -E -x "${2:-c}" - >/dev/null 2>&1; }

have swift || die "Swift is missing; Roost is built with Swift 6.2 or newer." \
    "Install it from swift.org (swiftly install latest), or take an official swift container image."

[ -n "$compiler" ] || want g++
has_header string c++ || want g++
have git || want git
have python3 || want python3
if [ "$(uname)" = Darwin ]; then
    have pkg-config || have pkgconf || want pkg-config
else
    have pkg-config || want pkg-config
    has_header sqlite3.h || want libsqlite3-dev
    has_header zlib.h || want zlib1g-dev
fi
have python3 && { python3 -c 'import ensurepip, venv' 2>/dev/null || want python3-venv; }

[ ${#missing[@]} -gt 0 ] || exit 0

command=$(install_command "${missing[@]}")
if [ "$(id -u)" = 0 ] && have apt-get; then
    say "Installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    log=$(mktemp)
    if ! { apt-get update -q && apt-get install -y -q --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
        tail -n 15 "$log" >&2
        rm -f "$log"
        die "These packages could not be installed: ${missing[*]}" "Try it yourself: $command"
    fi
    rm -f "$log"
else
    die "Missing: ${missing[*]}" "Install: $command"
fi
