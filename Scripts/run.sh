#!/usr/bin/env bash
# From a bare machine to an answer: engine and program are built, the demo model is imported, and Roost talks – a
# conversation on a terminal, one answer to a sample prompt elsewhere. Run by `make run`.

. "$(dirname "$0")/common.sh"
cd "$roost_root"

model=${MODEL:-gemma3:270m-base}
prompt=${PROMPT:-The three most important inventions of the last century are}

Scripts/swift.sh build -c release --product roost
roost=$(swift build -c release --show-bin-path)/roost

if [ -z "${MODEL:-}" ] && ! "$roost" show "$model" >/dev/null 2>&1; then
    file=$(Scripts/model.sh)
    "$roost" import "$file" --name "$model"
fi

if [ -t 0 ] && [ -t 1 ] && [ -z "${PROMPT:-}" ]; then
    exec "$roost" run "$model" --stats
fi
say ""
say "\$ roost run $model \"$prompt\""
exec "$roost" run "$model" --stats --max-tokens 96 --temperature 0 "$prompt" </dev/null
