#!/usr/bin/env bash
# A Python environment with the packages of a requirements file, kept in the cache under the file's hash. Prints the
# path of its interpreter. $1: the file; without it that of the client tests.

. "$(dirname "$0")/common.sh"

requirements=${1:-$roost_root/Tests/IntegrationTests/python/requirements.txt}
[ -f "$requirements" ] || die "There is no $requirements."
have python3 || die "Python 3 is missing." "Install it: $(install_command python3 python3-venv)"
name=packages-$({ cat "$requirements" && python3 --version; } | short_hash)
folder=$roost_cache/python/$name

if [ ! -e "$folder/.installed" ]; then
    acquire_lock "$roost_cache/python/$name.lock" "installing Python packages"
fi
if [ ! -e "$folder/.installed" ]; then
    say "Fetching the Python packages of ${requirements#"$roost_root"/}"
    python_environment "$name" >/dev/null
    "$folder/bin/pip" install -q --disable-pip-version-check -r "$requirements" >&2 ||
        die "The packages of $requirements could not be installed (see above)." \
            "Check the network and pip's configuration (pip config list), then run this again."
    touch "$folder/.installed"
fi
printf '%s\n' "$folder/bin/python"
