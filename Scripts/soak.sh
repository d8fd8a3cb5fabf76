#!/usr/bin/env bash
# Half an hour of clients that behave and clients that do not, on three models where two have room. Ends with 1 when
# something leaked, hung or was unfair. Arguments: --minutes N, --clients N, --seed N, --in-process.

. "$(dirname "$0")/common.sh"
cd "$roost_root"

eval "$(Scripts/engine.sh env)"
ROOST_TEST_MODEL=${MODEL_FILE:-$(Scripts/model.sh)}
export ROOST_TEST_MODEL
for product in roost RoostSoak; do Scripts/swift.sh build -c release --product "$product"; done
exec "$(swift build -c release --show-bin-path)/RoostSoak" "$@"
