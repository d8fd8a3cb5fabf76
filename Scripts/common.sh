# What the scripts share; sourced, never run. Works with bash 3.2 (macOS).
# Messages go to standard error, so that a script's output can be used by another.

set -euo pipefail

roost_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
roost_cache=${ROOST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/roost}

say() { printf '%s\n' "$*" >&2; }

die() {
    say "Error: $1"
    shift
    local line
    for line in ${1+"$@"}; do say "  $line"; done
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

sha256_of() {
    if have sha256sum; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

short_hash() {
    if have sha256sum; then sha256sum; else shasum -a 256; fi | cut -c 1-12
}

# Holds a lock until the script ends; a script holds one at most. $1: lock file, $2: what another process is doing.
lock_held=
acquire_lock() {
    [ -z "$lock_held" ] || return 0
    lock_held=$1
    mkdir -p "$(dirname "$1")"
    if have flock; then
        exec 9>"$1"
        if ! flock -n 9; then
            say "Another process is $2; waiting for it."
            flock 9
        fi
        return
    fi
    local waited=
    until mkdir "$1.d" 2>/dev/null; do
        local owner
        owner=$(cat "$1.d/pid" 2>/dev/null || true)
        if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then
            rm -rf "$1.d"
            continue
        fi
        [ -n "$waited" ] || say "Another process is $2; waiting for it."
        waited=yes
        sleep 1
    done
    echo $$ >"$1.d/pid"
    # shellcheck disable=SC2064  # the path of now is meant
    trap "rm -rf '$1.d'" EXIT
}

# Free space in MB of the file system that holds (or will hold) $1.
free_megabytes() {
    local path=$1
    while [ ! -d "$path" ]; do path=$(dirname "$path"); done
    df -Pk "$path" | awk 'NR == 2 { print int($4 / 1024) }'
}

# Prints the path of a Python environment of our own, made when it is not there. $1: name. The caller holds a lock.
python_environment() {
    local folder=$roost_cache/python/$1
    if [ ! -e "$folder/.complete" ] || ! "$folder/bin/python" -c '' 2>/dev/null; then
        have python3 || die "Python 3 is missing." "Install it: $(install_command python3 python3-venv)"
        python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
            die "$(python3 --version 2>&1) is too old; 3.10 or newer is needed." \
                "Install it: $(install_command python3 python3-venv)"
        rm -rf "$folder"
        mkdir -p "$(dirname "$folder")"
        python3 -m venv "$folder" >&2 || die "Python could not make a virtual environment." \
            "Install what it lacks: $(install_command python3-venv)"
        touch "$folder/.complete"
    fi
    printf '%s\n' "$folder"
}

# The command that installs Debian packages $@ on this system, to be shown to a person.
install_command() {
    local sudo=
    [ "$(id -u)" = 0 ] || sudo='sudo '
    if have apt-get; then
        echo "${sudo}apt-get install -y $*"
    elif have dnf; then
        echo "${sudo}dnf install $(dnf_names "$@")"
    elif have brew; then
        echo "brew install $(brew_names "$@")"
    else
        echo "your system's package manager, for $*"
    fi
}

dnf_names() {
    local name names=
    for name in "$@"; do
        case $name in
            libsqlite3-dev) name=sqlite-devel ;;
            zlib1g-dev) name=zlib-devel ;;
            g++) name=gcc-c++ ;;
            libstdc++-*-dev) name=libstdc++-devel ;;
            pkg-config) name=pkgconf-pkg-config ;;
            python3-venv) name=python3 ;;
            xz-utils) name=xz ;;
        esac
        names="$names $name"
    done
    echo $names
}

brew_names() {
    local name names=
    for name in "$@"; do
        case $name in
            libsqlite3-dev) name=sqlite ;;
            zlib1g-dev) name=zlib ;;
            g++) name=llvm ;;
            pkg-config) name=pkgconf ;;
            python3 | python3-venv) name=python ;;
        esac
        names="$names $name"
    done
    echo $names
}
