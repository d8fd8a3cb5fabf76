#!/usr/bin/env bash
# The engine: llama.cpp from a pinned source, built for this machine into a prefix in the cache that is named by
# source, flags, processor and compiler, so that another checkout (or a second run) finds it there.
#
#   engine.sh libs     libraries and headers that Roost links; builds them when they are not there
#   engine.sh tools    llama.cpp's own programs, from the same build tree (same kernels): tests and benchmarks
#   engine.sh prefix   prints the prefix
#   engine.sh env      prints export lines for a shell: eval "$(Scripts/engine.sh env)"
#   engine.sh clean    removes build trees (not the results)
#
# Environment:
#   ROOST_CACHE            where everything is kept (default: ~/.cache/roost)
#   ROOST_ENGINE_PREFIX    an engine built elsewhere, taken as it is
#   ROOST_ENGINE_BACKENDS  auto (default: what this machine has tools and processors for), cpu, cuda, vulkan, metal; with commas
#   ROOST_ENGINE_JOBS      compilers at once (default: by cores and memory)
#   CC, CXX                compilers

. "$(dirname "$0")/common.sh"

package=llama-cpp-python
version=0.3.36
source_sha256=832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e
# The llama.cpp commit inside, by the package's change log.
commit=0c1e57098
# Raised when the layout of the prefix or the way it is built changes.
layout=2

tools=(llama-server llama-bench llama-completion llama-perplexity llama-quantize llama-tokenize)
engine_folder=$roost_cache/engine

choose_compilers() {
    cc=${CC:-} cxx=${CXX:-}
    local pair
    if [ -z "$cc" ] || [ -z "$cxx" ]; then
        for pair in cc:c++ gcc:g++ clang:clang++; do
            if have "${pair%:*}" && have "${pair#*:}"; then
                cc=${cc:-${pair%:*}} cxx=${cxx:-${pair#*:}}
                break
            fi
        done
    fi
    have "${cc:-none}" && have "${cxx:-none}" ||
        die "There is no C++ compiler." "Install one: $(install_command g++)"
}

processor() {
    if [ -r /proc/cpuinfo ]; then
        awk -F: '/^(model name|CPU implementer|CPU part|flags|Features)/ && !seen[$1]++' /proc/cpuinfo
    else
        sysctl -n machdep.cpu.brand_string 2>/dev/null || true
    fi
    uname -sm
}

# Vulkan's headers are to be of 1.3.272 or newer (Debian 12 has 1.3.239): the engine's code uses what those declare.
has_vulkan() {
    have glslc && "$cxx" -fsyntax-only -x c++ - >/dev/null 2>&1 <<'CPP'
#include <vulkan/vulkan.h>
#include <spirv/unified1/spirv.hpp>
#ifndef VK_EXT_layer_settings
#error "too old"
#endif
CPP
}

# Whether a driver shows a graphics processor: Linux's own drivers, NVIDIA's, and WSL's.
has_graphics() {
    local device
    for device in /dev/dri/renderD* /dev/nvidia[0-9]* /dev/dxg; do [ ! -e "$device" ] || return 0; done
    return 1
}

choose_flags() {
    flags=(
        -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF
        "-DCMAKE_C_COMPILER=$cc" "-DCMAKE_CXX_COMPILER=$cxx"
        -DGGML_NATIVE=ON -DGGML_OPENMP=OFF -DGGML_CCACHE=OFF
        -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF
        -DLLAMA_BUILD_TOOLS=ON -DLLAMA_BUILD_SERVER=ON
        -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF -DLLAMA_OPENSSL=OFF
        # Without it nothing starts ffmpeg for bytes that are no picture.
        -DMTMD_VIDEO=OFF
        -DLLAMA_BUILD_NUMBER=0 "-DLLAMA_BUILD_COMMIT=$commit"
    )
    # Swift links position-independent programs; most compilers make such code without being told.
    if ! echo | "$cc" -dM -E - | grep -qE '__PI[CE]__'; then flags+=(-DCMAKE_POSITION_INDEPENDENT_CODE=ON); fi
    local wanted=${ROOST_ENGINE_BACKENDS:-auto} backend
    backends=cpu
    if [ "$wanted" = auto ]; then
        wanted=cpu
        if [ "$(uname)" = Darwin ]; then
            wanted=metal
        else
            if have nvcc; then wanted=$wanted,cuda; fi
            # Its shaders take minutes to compile, and the engine does not compute on Vulkan in software by itself.
            if has_graphics && has_vulkan; then wanted=$wanted,vulkan; fi
        fi
    fi
    [ "$(uname)" != Darwin ] || case ,$wanted, in *,metal,*) ;; *) flags+=(-DGGML_METAL=OFF) ;; esac
    for backend in ${wanted//,/ }; do
        case $backend in
            cpu) ;;
            cuda)
                have nvcc || die "ROOST_ENGINE_BACKENDS asks for cuda, but nvcc is not in PATH." \
                    "Install NVIDIA's CUDA toolkit and add its bin folder to PATH."
                flags+=(-DGGML_CUDA=ON) backends=$backends,cuda
                ;;
            vulkan)
                has_vulkan || die "ROOST_ENGINE_BACKENDS asks for vulkan, but glslc or its headers are missing or too old." \
                    "Install them: $(install_command glslc libvulkan-dev spirv-headers)" \
                    "Vulkan's headers have to be of 1.3.272 or newer; CPATH may name a folder that has them."
                flags+=(-DGGML_VULKAN=ON) backends=$backends,vulkan
                ;;
            metal) flags+=(-DGGML_METAL=ON) backends=$backends,metal ;;
            *) die "ROOST_ENGINE_BACKENDS is “$wanted”; known are auto, cpu, cuda, vulkan, metal." ;;
        esac
    done
}

choose_key() {
    key=$version-$({
        printf '%s\n' "$source_sha256" "$layout" "${flags[@]}"
        "$cxx" --version | head -n 1
        case $backends in *cuda*) nvcc --version | tail -n 1 ;; esac
        processor
    } | short_hash)
    prefix=$engine_folder/$key
    work=$engine_folder/build-$key
}

library_is_complete() {
    [ -f "$1/lib/pkgconfig/roost-engine.pc" ] && [ -f "$1/lib/libllama.a" ] && [ -f "$1/lib/libmtmd.a" ] &&
        [ -f "$1/include/llama.h" ] && [ -f "$1/include/mtmd.h" ]
}

# A prefix from elsewhere is checked as a whole, so that the message names what it lacks.
check_given_prefix() {
    local file
    for file in lib/pkgconfig/roost-engine.pc lib/libggml-rpc.a include/llama.h include/ggml.h include/chat.h \
        include/mtmd.h include/internal/ggml-backend-impl.h; do
        [ -f "$1/$file" ] || die "ROOST_ENGINE_PREFIX is $1, but there is no $file in it." \
            "Give the prefix that 'make engine' printed, or unset ROOST_ENGINE_PREFIX to build one."
    done
    ls "$1"/lib/libllama.* >/dev/null 2>&1 || die "ROOST_ENGINE_PREFIX is $1, but there is no lib/libllama in it."
    if have pkg-config; then
        PKG_CONFIG_PATH=$1/lib/pkgconfig pkg-config --exists --print-errors roost-engine >&2 ||
            die "ROOST_ENGINE_PREFIX is $1, but pkg-config does not take its roost-engine.pc."
    fi
}

tools_are_complete() {
    local tool
    for tool in "${tools[@]}"; do [ -x "$1/bin/$tool" ] || return 1; done
}

# CMake and Ninja from PATH when they are new enough, else the wheels of the Python package index.
prepare_build_tools() {
    local needed=()
    cmake=cmake ninja=ninja
    if ! have cmake || ! cmake --version | awk 'NR == 1 { split($3, v, "."); exit !(v[1] > 3 || v[2] >= 21) }'; then
        needed+=('cmake>=3.28,<5')
    fi
    have ninja || needed+=('ninja>=1.11,<2')
    build_python=$(python_environment build)
    [ ${#needed[@]} -gt 0 ] || return 0
    if [ ! -x "$build_python/bin/cmake" ] || [ ! -x "$build_python/bin/ninja" ]; then
        say "Fetching CMake and Ninja"
        "$build_python/bin/pip" install -q --disable-pip-version-check 'cmake>=3.28,<5' 'ninja>=1.11,<2' >&2 ||
            die "CMake and Ninja could not be fetched (see above)." \
                "Check the network and pip's configuration (pip config list), or install them:" \
                "$(install_command cmake ninja-build)"
    fi
    case " ${needed[*]} " in *cmake*) cmake=$build_python/bin/cmake ;; esac
    # Vulkan's shader compiler is configured by a second CMake, which looks for Ninja by itself.
    case " ${needed[*]} " in *ninja*) ninja=$build_python/bin/ninja PATH=$PATH:$build_python/bin ;; esac
}

fetch_source() {
    [ ! -d "$work/source" ] || return 0
    local archive=$work/$(printf '%s' "$package" | tr - _)-$version.tar.gz
    if [ ! -f "$archive" ] || [ "$(sha256_of "$archive")" != "$source_sha256" ]; then
        rm -f "$archive"
        say "Fetching the engine's source ($package $version, 77 MB)"
        # Without binary wheels pip fetches the source archive; it also wants to read its metadata, some seconds.
        "$build_python/bin/pip" download -q --disable-pip-version-check --no-deps --no-binary "$package" \
            --dest "$work" "$package==$version" >"$work/download.log" 2>&1 || {
            tail -n 5 "$work/download.log" >&2
            die "The engine's source could not be fetched." \
                "Check the network and pip's configuration (pip config list), then run this again."
        }
        local found
        found=$(sha256_of "$archive")
        [ "$found" = "$source_sha256" ] || {
            rm -f "$archive"
            die "The engine's source is not what was expected; nothing of it was used." \
                "expected sha256 $source_sha256" "found    sha256 $found"
        }
    fi
    rm -rf "$work/unpacked" && mkdir "$work/unpacked"
    tar -xzf "$archive" -C "$work/unpacked" --strip-components 3 \
        "${package//-/_}-$version/vendor/llama.cpp" || die "The engine's source could not be unpacked into $work."
    mv "$work/unpacked" "$work/source"
    rm -f "$archive" "$work/download.log"
}

jobs() {
    local cores memory
    if [ -n "${ROOST_ENGINE_JOBS:-}" ]; then
        echo "$ROOST_ENGINE_JOBS"
        return
    fi
    cores=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
    have nproc && cores=$(nproc)
    # The largest files take 1.5 GB of memory each to compile.
    if [ -r /proc/meminfo ]; then
        memory=$(awk '/^MemAvailable/ { print int($2 / 1572864) }' /proc/meminfo)
        [ "$memory" -ge 1 ] || memory=1
        [ "$cores" -le "$memory" ] || cores=$memory
    fi
    echo "$cores"
}

# Reads a builder's output into the log and shows how far it is: one line drawn over itself on a terminal, else a
# line each tenth. $1: what is built, $2: log.
show_progress() {
    local line done total tenth last=-1
    while IFS= read -r line || [ -n "$line" ]; do
        printf '%s\n' "$line" >>"$2"
        [[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]] || continue
        done=${BASH_REMATCH[1]} total=${BASH_REMATCH[2]}
        if [ -t 2 ]; then
            printf '\r%s: %d of %d steps\033[K' "$1" "$done" "$total" >&2
        else
            tenth=$((done * 10 / total))
            if [ "$tenth" -gt "$last" ]; then say "$1: $done of $total steps"; fi
            last=$tenth
        fi
    done
    if [ -t 2 ]; then printf '\r\033[K' >&2; fi
}

# What went wrong, from the log of a failed build. $1: log.
explain_failure() {
    if [ -t 2 ]; then printf '\r\033[K' >&2; fi
    { grep -E 'error|Error|fatal|FAILED|Killed' "$1" | tail -n 8 || true; } >&2
    say "Last lines of $1:"
    tail -n 8 "$1" >&2
    if grep -qE 'Killed|out of memory|cannot allocate memory' "$1"; then
        die "The compiler ran out of memory." "Build with fewer at once: ROOST_ENGINE_JOBS=1 make engine"
    elif grep -q 'No space left' "$1"; then
        die "The disk is full; the build needs 1 GB in $roost_cache." "Make room, or set ROOST_CACHE to another disk."
    elif grep -qE "fatal error: '?[a-z_]+'? ?file not found|fatal error: (string|vector|memory|cstd)" "$1"; then
        die "The C++ standard library's headers are missing." "Install them: $(install_command g++)"
    elif grep -qE 'CUDA|nvcc|Vulkan' "$1" && [ "$backends" != cpu ]; then
        die "The engine could not be built with $backends." "Build it without: ROOST_ENGINE_BACKENDS=cpu make engine"
    fi
    die "The engine could not be built; the whole log is $1."
}

# Configures a tree. $1: build folder, then more flags.
configure() {
    local folder=$1 log=$1.log
    shift
    [ ! -f "$folder/build.ninja" ] || return 0
    rm -rf "$folder"
    "$cmake" -G Ninja "-DCMAKE_MAKE_PROGRAM=$(command -v "$ninja")" -S "$work/source" -B "$folder" \
        "${flags[@]}" ${1+"$@"} >"$log" 2>&1 || {
        # A half-configured tree would look finished to the next run.
        rm -rf "$folder"
        explain_failure "$log"
    }
}

# Builds targets. $1: what to call it, $2: build folder, then targets.
build() {
    local label=$1 folder=$2
    shift 2
    "$cmake" --build "$folder" --parallel "$(jobs)" --target "$@" 2>&1 | show_progress "$label" "$folder.log" ||
        explain_failure "$folder.log"
}

# Writes roost-engine.pc from what CMake links its smallest program that sees with: the libraries of this configuration,
# in the order that static linking needs. Ours are copied beside it. $1: build folder, $2: prefix.
install_libraries() {
    local build=$1 target=$2 item name libs= expect_framework=
    mkdir -p "$target/lib/pkgconfig"
    for item in $(awk '/^build bin\/llama-mtmd-cli:/ { found = 1 }
        found && /^  LINK_LIBRARIES =/ { sub(/^  LINK_LIBRARIES = /, ""); print; exit }' "$build/build.ninja"); do
        if [ -n "$expect_framework" ]; then
            libs="$libs -framework $item" expect_framework=
            continue
        fi
        name=${item##*/}
        name=${name#lib}
        case $item in
            -framework) expect_framework=yes ;;
            -l* | -L*) libs="$libs $item" ;;
            -pthread) libs="$libs -lpthread" ;;
            -*) ;;
            *.framework) libs="$libs -framework ${name%.framework}" ;;
            /*.a | /*.so | /*.dylib | /*.tbd) libs="$libs -L$(dirname "$item") -l${name%.*}" ;;
            /*.so.*) libs="$libs -L$(dirname "$item") -l${name%%.so.*}" ;;
            *.a)
                cp "$build/$item" "$target/lib/"
                libs="$libs -l${name%.a}"
                ;;
            *) die "The engine links $item, which this script does not know how to pass on." ;;
        esac
    done
    [ -n "$libs" ] || die "No libraries were found in $build/build.ninja."
    if [ "$(uname)" = Darwin ]; then libs="$libs -lc++"; else libs="$libs -lstdc++ -lpthread -ldl -lm"; fi
    cat >"$target/lib/pkgconfig/roost-engine.pc" <<PC
prefix=\${pcfiledir}/../..
Name: roost-engine
Description: llama.cpp $commit, built for Roost with $backends
Version: $version
Cflags: -I\${prefix}/include
Libs: -L\${prefix}/lib$libs
PC
}

# The public headers, those of llama.cpp's common code (templates, grammars) and of its eyes (mtmd), and the third-party
# ones these include or that pictures are read with.
install_headers() {
    local source=$1 target=$2/include header
    mkdir -p "$target/jinja" "$target/stb" "$target/hash"
    cp "$source"/include/*.h "$source"/ggml/include/*.h "$source"/common/*.h "$source"/src/llama-ext.h "$target/"
    cp "$source"/common/jinja/*.h "$target/jinja/"
    cp "$source"/tools/mtmd/mtmd.h "$source"/tools/mtmd/mtmd-helper.h "$target/"
    cp "$source"/vendor/stb/stb_image.h "$target/stb/"
    cp "$source"/vendor/hash/hash.h "$target/hash/"
    sed -n 's/^ *# *include *<\([^>]*\/[^>]*\)>.*/\1/p' "$target"/*.h "$target"/jinja/*.h | sort -u |
        while IFS= read -r header; do
            if [ -f "$source/vendor/$header" ]; then
                mkdir -p "$target/$(dirname "$header")"
                cp "$source/vendor/$header" "$target/$header"
            fi
        done
}

prepare() {
    case $engine_folder in
        *[[:space:]]*) die "The cache folder $roost_cache has a space in its name, which pkg-config files cannot hold." \
            "Set ROOST_CACHE to a folder without one." ;;
    esac
    acquire_lock "$engine_folder/$key.lock" "building the engine"
    mkdir -p "$work"
    local free
    free=$(free_megabytes "$work")
    [ "$free" -ge 1000 ] || die "$free MB are free in $roost_cache; the engine's build needs 1000." \
        "Make room, or set ROOST_CACHE to another disk."
    prepare_build_tools
    fetch_source
}

build_libraries() {
    prepare
    if library_is_complete "$prefix"; then return; fi
    say "Building the engine for this machine ($backends, $cxx); this is done once"
    configure "$work/tree"
    build "Engine" "$work/tree" llama llama-common mtmd ggml
    local new=$engine_folder/new-$key
    rm -rf "$new"
    install_libraries "$work/tree" "$new"
    install_headers "$work/source" "$new"
    # The tokeniser's test vectors and the chat templates travel with the engine they describe.
    mkdir -p "$new/share/models/templates"
    cp "$work"/source/models/ggml-vocab-* "$new/share/models/"
    cp "$work"/source/models/templates/*.jinja "$new/share/models/templates/"
    cp "$work/source/LICENSE" "$new/share/"
    cat >"$new/share/engine.txt" <<INFO
source: $package $version (sha256 $source_sha256)
llama.cpp: $commit
backends: $backends
compiler: $("$cxx" --version | head -n 1)
flags: ${flags[*]}
INFO
    rm -rf "$prefix"
    mv "$new" "$prefix"
    say "Engine ready: $prefix"
}

build_tools() {
    prepare
    if tools_are_complete "$prefix"; then return; fi
    configure "$work/tree"
    build "Engine's tools" "$work/tree" "${tools[@]}"
    local new=$prefix/new-bin tool
    rm -rf "$new" && mkdir "$new"
    for tool in "${tools[@]}"; do cp "$work/tree/bin/$tool" "$new/"; done
    rm -rf "$prefix/bin" && mv "$new" "$prefix/bin"
    # The build tree was kept for this; nothing needs it any more.
    rm -rf "$work"
}

remote_is_complete() {
    [ -f "$1/lib/libggml-rpc.a" ] && [ -f "$1/include/internal/ggml-backend-impl.h" ]
}

# Devices of other machines, for tests of what several GPUs do: a library that only they link, as an engine that has this
# part puts every model on them. Two files; a tree of their own would compile half of the engine again.
build_remote() {
    prepare
    if remote_is_complete "$prefix"; then return; fi
    local ggml=$work/source/ggml folder=$work/remote file
    rm -rf "$folder" && mkdir "$folder"
    for file in ggml-rpc transport; do
        "$cxx" -std=gnu++17 -O2 -DNDEBUG -D_GNU_SOURCE -fPIC -I"$ggml/include" -I"$ggml/src" \
            -c "$ggml/src/ggml-rpc/$file.cpp" -o "$folder/$file.o" >"$folder.log" 2>&1 || explain_failure "$folder.log"
    done
    ar -rcs "$folder/libggml-rpc.a" "$folder"/*.o
    mkdir -p "$prefix/include/internal"
    cp "$ggml/src/ggml-backend-impl.h" "$prefix/include/internal/"
    mv "$folder/libggml-rpc.a" "$prefix/lib/"
    # Of a tree that was kept for the tools nothing goes.
    if [ ! -d "$work/tree" ]; then rm -rf "$work"; fi
}

# Finds the prefix that this machine and these settings mean.
locate() {
    if [ -n "${ROOST_ENGINE_PREFIX:-}" ]; then
        prefix=${ROOST_ENGINE_PREFIX%/}
        check_given_prefix "$prefix"
        given=yes
        return
    fi
    given=
    choose_compilers
    choose_flags
    choose_key
}

need_given() {
    [ -x "$prefix/bin/$1" ] || die "ROOST_ENGINE_PREFIX is $prefix, but there is no bin/$1 in it." \
        "Build the tools there, or unset ROOST_ENGINE_PREFIX."
}

case ${1:-} in
    libs)
        locate
        if [ -z "$given" ]; then
            library_is_complete "$prefix" || build_libraries
            remote_is_complete "$prefix" || build_remote
        fi
        ;;
    tools)
        locate
        if [ -n "$given" ]; then
            for tool in "${tools[@]}"; do need_given "$tool"; done
        else
            library_is_complete "$prefix" || build_libraries
            tools_are_complete "$prefix" || build_tools
        fi
        ;;
    prefix)
        locate
        printf '%s\n' "$prefix"
        ;;
    env)
        locate
        printf 'export PKG_CONFIG_PATH=%q\n' "$prefix/lib/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}"
        printf 'export ROOST_ENGINE_PREFIX=%q\n' "$prefix"
        printf 'export ROOST_ENGINE_TOOLS=%q\n' "$prefix/bin"
        printf 'export ROOST_ENGINE_SOURCE=%q\n' "$prefix/share"
        ;;
    clean)
        rm -rf "$engine_folder"/build-* "$engine_folder"/new-*
        ;;
    *)
        sed -n '2,/^$/s/^# \{0,1\}//p' "$0" >&2
        exit 64
        ;;
esac
