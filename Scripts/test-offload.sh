#!/usr/bin/env bash
# Runs the tests of models on GPUs with Vulkan in software (Mesa's lavapipe) as the GPU: an engine with Vulkan in a folder
# of its own, and with it the programs that load models; the tests themselves and the rest stay as `make test` has them.
# The engine's shaders take some ten minutes to compile, once.

. "$(dirname "$0")/common.sh"
cd "$roost_root"

driver=
for file in "${ROOST_SOFTWARE_VULKAN:-}" /usr/share/vulkan/icd.d/lvp_icd*.json /etc/vulkan/icd.d/lvp_icd*.json; do
    if [ -f "$file" ]; then driver=$file; fi
done
[ -n "$driver" ] || die "There is no Vulkan in software on this machine." \
    "Install it: $(install_command mesa-vulkan-drivers libvulkan-dev glslc spirv-headers)" \
    "or set ROOST_SOFTWARE_VULKAN to its driver's JSON file."

programs=$(
    export ROOST_ENGINE_BACKENDS=vulkan
    unset ROOST_ENGINE_PREFIX
    Scripts/engine.sh libs
    for program in OffloadProgram WorkerProgram; do
        Scripts/swift.sh build --scratch-path .build-vulkan --product "$program" >&2
    done
    eval "$(Scripts/engine.sh env)"
    swift build --scratch-path .build-vulkan --show-bin-path
)

# The engine takes a Vulkan device that is a CPU only when it is named.
export ROOST_TEST_VULKAN_PROGRAMS=$programs VK_DRIVER_FILES=$driver VK_ICD_FILENAMES=$driver GGML_VK_VISIBLE_DEVICES=0
exec Scripts/test.sh --filter OffloadTests "$@"
