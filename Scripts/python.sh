#!/usr/bin/env bash
# The Python of the client tests: an environment with the packages that Tests/IntegrationTests/python/requirements.txt
# names, kept in the cache under the file's hash. Prints the path of its interpreter.

. "$(dirname "$0")/common.sh"

requirements=$roost_root/Tests/IntegrationTests/python/requirements.txt
[ -f "$requirements" ] || die "There is no $requirements."
have python3 || die "Python 3 is missing." "Install it: $(install_command python3 python3-venv)"
name=clients-$({ cat "$requirements" && python3 --version; } | short_hash)
folder=$roost_cache/python/$name

if [ ! -e "$folder/.installed" ]; then
    acquire_lock "$roost_cache/python/$name.lock" "installing the client packages"
fi
if [ ! -e "$folder/.installed" ]; then
    say "Fetching the Python packages of the client tests"
    python_environment "$name" >/dev/null
    "$folder/bin/pip" install -q --disable-pip-version-check -r "$requirements" >&2 ||
        die "The packages of $requirements could not be installed (see above)." \
            "Check the network and pip's configuration (pip config list), then run this again."
    touch "$folder/.installed"
fi
printf '%s\n' "$folder/bin/python"
