#include "LlamaBridge.h"

#include <ggml-cpu.h>
#include <gguf.h>
#include <llama.h>
#include <llama-ext.h>
#include <mtmd.h>

#include <unistd.h>
#if defined(__linux__)
#include <malloc.h>
#elif defined(__APPLE__)
#include <malloc/malloc.h>
#endif

#include <algorithm>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "LlamaBridgeMemory.h"
#include "Support.h"

// The engine's own list of a model's tensors, which its headers keep to itself (src/llama-model.h).
const std::vector<std::pair<std::string, ggml_tensor *>> & llama_internal_get_tensor_map(const llama_model * model);

namespace {
// Where a tensor's bytes are.
struct place {
    size_t file;
    uint64_t start;
    uint64_t end;
};

struct context_deleter {
    void operator()(llama_context * context) const { llama_free(context); }
};
struct gguf_deleter {
    void operator()(gguf_context * file) const { gguf_free(file); }
};

ggml_backend_dev_t device_of(ggml_backend_buffer_type_t type) {
    ggml_backend_dev_t device = ggml_backend_buft_get_device(type);
    return device ? device : ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
}

// Memory that a driver pins for a GPU is the host's, and so is the CPU's in whatever form.
bool is_host(ggml_backend_buffer_type_t type) {
    const auto kind = ggml_backend_dev_type(device_of(type));
    return ggml_backend_buft_is_host(type) || kind == GGML_BACKEND_DEVICE_TYPE_CPU ||
           kind == GGML_BACKEND_DEVICE_TYPE_ACCEL;
}

// Whether the engine leaves the weights where the mapped file has them (src/llama-model.cpp, load_tensors).
bool is_mapped(ggml_backend_buffer_type_t type) {
    ggml_backend_dev_t device = device_of(type);
    ggml_backend_dev_props properties;
    ggml_backend_dev_get_props(device, &properties);
    return properties.caps.buffer_from_host_ptr && type == ggml_backend_dev_buffer_type(device);
}

bool is_repacked(ggml_backend_buffer_type_t type) {
    return is_host(type) && ggml_backend_dev_type(device_of(type)) == GGML_BACKEND_DEVICE_TYPE_CPU &&
           type != ggml_backend_cpu_buffer_type() && !ggml_backend_buft_is_host(type);
}

// Bytes of the heap that are in use; 0 where the C library does not say.
uint64_t heap_in_use() {
#if defined(__GLIBC__)
    const auto info = mallinfo2();
    return info.uordblks + info.hblkhd;
#elif defined(__APPLE__)
    malloc_statistics_t info;
    malloc_zone_statistics(nullptr, &info);
    return info.size_in_use;
#else
    return 0;
#endif
}

// The entry of a device; NULL when there are too many.
roost_device_memory * entry(roost_layout_context & result, ggml_backend_dev_t device, bool is_host) {
    if (is_host) return &result.devices[0];
    const char * name = ggml_backend_dev_name(device);
    auto * end = result.devices + result.device_count;
    auto * found = std::find_if(
        result.devices + 1, end, [name](const auto & known) { return std::strcmp(known.device, name) == 0; });
    if (found != end) return found;
    if (result.device_count == roost_layout_device_limit) return nullptr;
    *found = {name, false, 0, 0, 0};
    result.device_count++;
    return found;
}

void begin(roost_layout_context & result) {
    result = {};
    result.devices[0] = {"CPU", true, 0, 0, 0};
    result.device_count = 1;
}

// Adds where the tensors of a file are; returns the length of the file.
uint64_t read_places(const char * path, size_t index, std::unordered_map<std::string, place> & places) {
    std::unique_ptr<gguf_context, gguf_deleter> file(gguf_init_from_file(path, {/*no_alloc*/ true, /*ctx*/ nullptr}));
    if (!file) return 0;
    const uint64_t data = gguf_get_data_offset(file.get());
    uint64_t length = data;
    for (int64_t i = 0; i < gguf_get_n_tensors(file.get()); i++) {
        const uint64_t start = data + gguf_get_tensor_offset(file.get(), i);
        const uint64_t end = start + gguf_get_tensor_size(file.get(), i);
        places[gguf_get_tensor_name(file.get(), i)] = {index, start, end};
        length = std::max(length, end);
    }
    return length;
}

roost_layout_weights weights_of(
    const llama_model * model, const std::unordered_map<std::string, place> & places, std::vector<uint64_t> lengths) {
    roost_layout_weights weights = {};
    std::vector<std::pair<uint64_t, uint64_t>> used(lengths.size(), {UINT64_MAX, 0});
    for (const auto & [name, tensor] : llama_internal_get_tensor_map(model)) {
        if (!tensor || !tensor->buffer) continue;
        const auto type = ggml_backend_buffer_get_type(tensor->buffer);
        if (is_repacked(type)) weights.repacked += ggml_backend_buft_get_alloc_size(type, tensor);
        const auto found = places.find(name);
        if (found == places.end() || !is_mapped(type)) continue;
        auto & range = used[found->second.file];
        range.first = std::min(range.first, found->second.start);
        range.second = std::max(range.second, found->second.end);
    }
    const uint64_t page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
    for (size_t index = 0; index < lengths.size(); index++) {
        weights.files += lengths[index];
        const auto [first, last] = used[index];
        if (first < last) weights.mapped += (last + page - 1) / page * page - first / page * page;
    }
    return weights;
}

// What the CPU's back end allocates for itself to compute the graphs that are reserved for.
uint64_t work_of(llama_context * context, const llama_context_params & params) {
    const uint32_t sequences = llama_n_seq_max(context);
    const uint32_t tokens = std::min(llama_n_ctx(context), llama_n_ubatch(context));
    const uint32_t most = params.n_outputs_max ? params.n_outputs_max : params.n_batch;
    const int threads = std::max(params.n_threads, params.n_threads_batch);
    uint64_t work = 0;
    const std::pair<uint32_t, uint32_t> sizes[] = {{tokens, std::min(tokens, most)}, {sequences, sequences}};
    for (const auto & [count, outputs] : sizes) {
        ggml_cgraph * graph = llama_graph_reserve(context, count, sequences, std::max(1u, outputs));
        if (graph) work = std::max<uint64_t>(work, ggml_graph_plan(graph, threads, nullptr).work_size);
    }
    return work;
}
} // namespace

llama_model * roost_layout_load(
    const char ** paths, size_t path_count, const void * model_params, roost_layout_weights * weights) noexcept {
    llama_model * model = nullptr;
    try {
        auto params = *static_cast<const llama_model_params *>(model_params);
        // The engine's own way (common/fit): load without allocating, then read what it would have allocated.
        params.no_alloc = true;
        params.load_mode = LLAMA_LOAD_MODE_NONE;
        params.progress_callback = nullptr;

        std::unordered_map<std::string, place> places;
        std::vector<uint64_t> lengths;
        for (size_t index = 0; index < path_count; index++)
            lengths.push_back(read_places(paths[index], index, places));
        const uint64_t before = heap_in_use();
        model = llama_model_load_from_splits(paths, path_count, params);
        const uint64_t after = heap_in_use();
        if (!model) return nullptr;
        *weights = weights_of(model, places, lengths);
        weights->tables = after > before ? after - before : 0;
        return model;
    } catch (const std::exception & exception) {
        roost_log_add(exception.what());
    } catch (...) {
    }
    if (model) llama_model_free(model);
    return nullptr;
}

bool roost_layout_context_memory(
    llama_model * model, const void * context_params, roost_layout_context * result) noexcept {
    try {
        auto params = *static_cast<const llama_context_params *>(context_params);
        params.abort_callback = nullptr;
        std::unique_ptr<llama_context, context_deleter> context(llama_init_from_model(model, params));
        if (!context || !roost_context_memory(context.get(), result)) return false;
        // Reserving takes address space that nobody touches, but on a GPU it would be memory.
        if (llama_model_n_devices(model) == 0) result->work = work_of(context.get(), params);
        return true;
    } catch (const std::exception & exception) {
        roost_log_add(exception.what());
    } catch (...) {
    }
    return false;
}

bool roost_context_memory(const llama_context * context, roost_layout_context * result) noexcept {
    begin(*result);
    try {
        for (const auto & [type, part] : llama_get_memory_breakdown(context)) {
            auto * target = entry(*result, device_of(type), is_host(type));
            if (!target) return false;
            target->weights += part.model;
            target->context += part.context;
            target->compute += part.compute;
        }
        result->has_cache = llama_get_memory(context) != nullptr;
        return true;
    } catch (...) {
    }
    return false;
}

bool roost_layout_projector_memory(
    const char * path, bool uses_gpu, int32_t flash_attention, roost_layout_context * result) noexcept {
    begin(*result);
    try {
        mtmd_context_params params = mtmd_context_params_default();
        params.use_gpu = uses_gpu;
        params.print_timings = false;
        params.flash_attn_type = static_cast<llama_flash_attn_type>(flash_attention);
        params.warmup = false;
        const auto usage = mtmd_get_memory_usage(path, params);
        for (const auto & [device, size] : usage) {
            const auto kind = ggml_backend_dev_type(device);
            const bool is_graphics = kind == GGML_BACKEND_DEVICE_TYPE_GPU || kind == GGML_BACKEND_DEVICE_TYPE_IGPU;
            auto * target = entry(*result, device, !is_graphics);
            if (!target) return false;
            target->weights += size;
        }
        return !usage.empty();
    } catch (const std::exception & exception) {
        roost_log_add(exception.what());
    } catch (...) {
    }
    return false;
}
