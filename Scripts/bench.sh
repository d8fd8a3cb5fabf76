#!/usr/bin/env bash
# Builds the benchmark programs and runs them beside the peers.
# Arguments: the benchmarks to run (gguf, speed, serving, server, tune, download); all without one. --without NAME leaves
# one out. All but download use the demo model or MODEL_FILE. download takes 2 GB from a server on loopback, again and
# again: it needs 7 GB in ROOST_BENCH_CACHE (the cache folder) and some minutes; --rounds N, --settings and --tools A,B
# make it shorter, --json gives every sample.

. "$(dirname "$0")/common.sh"
cd "$roost_root"

# Whether the arguments after $1 choose the benchmark $1.
chooses() {
    local name=$1 argument previous= named=
    shift
    for argument in ${1+"$@"}; do
        case $previous in
            --without) case ",$argument," in *",$name,"*) return 1 ;; esac ;;
            --rounds | --seconds | --workloads | --size | --settings | --tools) ;;
            *) case $argument in -*) ;; *) named="$named $argument" ;; esac ;;
        esac
        previous=$argument
    done
    case " $named " in "  " | *" $name "*) return 0 ;; *) return 1 ;; esac
}

eval "$(Scripts/engine.sh env)"
if chooses gguf "$@" || chooses speed "$@" || chooses serving "$@" || chooses server "$@" || chooses tune "$@"; then
    ROOST_TEST_MODEL=${MODEL_FILE:-$(Scripts/model.sh)}
    export ROOST_TEST_MODEL
fi
if chooses gguf "$@"; then
    ROOST_BENCH_PYTHON=$(Scripts/python.sh "$roost_root/Benchmarks/requirements.txt")
    export ROOST_BENCH_PYTHON
fi
products=RoostBench
export ROOST_BENCH_CACHE=${ROOST_BENCH_CACHE:-$roost_cache/bench}
if chooses serving "$@" || chooses server "$@"; then products="$products roost"; fi
if chooses server "$@"; then
    Scripts/bench-peers.sh wrk
    ROOST_BENCH_WRK=$(command -v wrk || true)
    [ -n "$ROOST_BENCH_WRK" ] && export ROOST_BENCH_WRK || unset ROOST_BENCH_WRK
fi
if chooses download "$@"; then
    Scripts/bench-peers.sh aria2c:aria2 curl
    ROOST_BENCH_HF=$(dirname "$(Scripts/python.sh "$roost_root/Benchmarks/download-requirements.txt")")/hf
    export ROOST_BENCH_HF
    products="$products BenchServer ProcessMeter"
fi
for product in $products; do Scripts/swift.sh build -c release --product "$product"; done
exec "$(swift build -c release --show-bin-path)/RoostBench" "$@"
