// How fast the engine's own kernels multiply on a device, for one type of weights: a matrix by a vector, which is what
// decoding does, and by 512 vectors, which is what reading a prompt does.
#include <ggml-backend.h>
#include <ggml-cpu.h>
#include <ggml.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "LlamaBridge.h"
#include "Support.h"

namespace {
constexpr int64_t columns = 4096;
constexpr int64_t rows = 2048;
constexpr int64_t tokens = 512;
// Rows that are made of random numbers; the others are copies of them.
constexpr int64_t tile_rows = 32;

using clock_type = std::chrono::steady_clock;

double seconds_since(clock_type::time_point start) {
    return std::chrono::duration<double>(clock_type::now() - start).count();
}

// The buffer types in which llama.cpp would keep a device's weights, those it prefers first (llama-model.cpp,
// make_cpu_buft_list and make_gpu_buft_list).
std::vector<std::pair<ggml_backend_dev_t, ggml_backend_buffer_type_t>> places(ggml_backend_dev_t device) {
    std::vector<std::pair<ggml_backend_dev_t, ggml_backend_buffer_type_t>> all;
    const bool is_cpu = ggml_backend_dev_type(device) == GGML_BACKEND_DEVICE_TYPE_CPU;
    if (!is_cpu) all.emplace_back(device, ggml_backend_dev_buffer_type(device));
    for (size_t i = 0; is_cpu && i < ggml_backend_dev_count(); i++) {
        ggml_backend_dev_t other = ggml_backend_dev_get(i);
        const auto type = ggml_backend_dev_type(other);
        if (type != GGML_BACKEND_DEVICE_TYPE_GPU && type != GGML_BACKEND_DEVICE_TYPE_IGPU) continue;
        if (auto host = ggml_backend_dev_host_buffer_type(other)) {
            all.emplace_back(other, host);
            break;
        }
    }
    const auto extra = reinterpret_cast<ggml_backend_dev_get_extra_bufts_t>(ggml_backend_reg_get_proc_address(
        ggml_backend_dev_backend_reg(device), "ggml_backend_dev_get_extra_bufts"));
    for (auto * type = extra ? extra(device) : nullptr; type && *type; type++) all.emplace_back(device, *type);
    if (is_cpu) all.emplace_back(device, ggml_backend_dev_buffer_type(device));
    return all;
}

// Whether the device multiplies weights that lie there.
bool can_multiply(ggml_backend_dev_t device, ggml_backend_buffer_type_t place, ggml_type type) {
    ggml_context * ctx = ggml_init({ggml_tensor_overhead() * 8, nullptr, true});
    if (!ctx) return false;
    ggml_tensor * weights = ggml_new_tensor_2d(ctx, type, columns, rows);
    ggml_tensor * product = ggml_mul_mat(ctx, weights, ggml_new_tensor_2d(ctx, GGML_TYPE_F32, columns, tokens));
    // An empty buffer there is what the question is about.
    weights->buffer = ggml_backend_buft_alloc_buffer(place, 0);
    const bool can = weights->buffer && ggml_backend_dev_supports_op(device, product);
    ggml_backend_buffer_free(weights->buffer);
    ggml_free(ctx);
    return can;
}

// One matrix of `type`, as bytes of a file would be.
std::vector<uint8_t> random_matrix(ggml_type type) {
    std::mt19937 generator(1);
    std::normal_distribution<float> normal(0.0f, 0.02f);
    std::vector<float> values(static_cast<size_t>(tile_rows * columns));
    for (auto & value : values) value = normal(generator);
    const size_t tile_bytes = ggml_row_size(type, columns) * tile_rows;
    std::vector<uint8_t> bytes(tile_bytes * (rows / tile_rows));
    ggml_quantize_chunk(type, values.data(), bytes.data(), 0, tile_rows, columns, nullptr);
    for (size_t at = tile_bytes; at < bytes.size(); at += tile_bytes) {
        std::memcpy(bytes.data() + at, bytes.data(), tile_bytes);
    }
    return bytes;
}
} // namespace

// Weights on a device, and graphs that multiply them.
struct roost_kernel {
    ggml_backend_t backend = nullptr;
    ggml_threadpool * pool = nullptr;
    ggml_context * weights_context = nullptr;
    ggml_context * graph_context = nullptr;
    ggml_backend_buffer_t weights_buffer = nullptr;
    ggml_backend_buffer_t values_buffer = nullptr;
    std::vector<ggml_tensor *> weights;
    ggml_cgraph * vector_graph = nullptr;
    std::vector<ggml_tensor *> products;
    std::string place;

    ~roost_kernel() {
        ggml_free(graph_context);
        ggml_free(weights_context);
        ggml_backend_buffer_free(values_buffer);
        ggml_backend_buffer_free(weights_buffer);
        ggml_backend_free(backend);
        if (pool) ggml_threadpool_free(pool);
    }

    // An empty string when it worked.
    std::string prepare(ggml_backend_dev_t device, ggml_type type, size_t byte_count, int32_t thread_count) {
        ggml_backend_buffer_type_t chosen = nullptr;
        for (const auto & [owner, candidate] : places(device)) {
            if (!can_multiply(owner, candidate, type)) continue;
            chosen = candidate;
            break;
        }
        if (!chosen) return "it cannot multiply this type";
        place = ggml_backend_buft_name(chosen);
        backend = ggml_backend_dev_init(device, nullptr);
        if (!backend) return "it could not be started";
        if (ggml_backend_is_cpu(backend)) {
            auto params = ggml_threadpool_params_default(thread_count);
            pool = ggml_threadpool_new(&params);
            ggml_backend_cpu_set_n_threads(backend, thread_count);
            ggml_backend_cpu_set_threadpool(backend, pool);
        }
        const size_t matrix_bytes = ggml_row_size(type, columns) * rows;
        const size_t count = std::max<size_t>(2, (byte_count + matrix_bytes - 1) / matrix_bytes);
        weights_context = ggml_init({ggml_tensor_overhead() * count, nullptr, true});
        graph_context = ggml_init(
            {ggml_tensor_overhead() * (2 * count + 4) + ggml_graph_overhead_custom(2 * count + 8, false) * 2, nullptr,
             true});
        if (!weights_context || !graph_context) return "there is no memory for it";
        for (size_t i = 0; i < count; i++) {
            weights.push_back(ggml_new_tensor_2d(weights_context, type, columns, rows));
        }
        weights_buffer = ggml_backend_alloc_ctx_tensors_from_buft(weights_context, chosen);
        if (!weights_buffer) return "there is no memory for it";
        const auto bytes = random_matrix(type);
        for (auto * matrix : weights) ggml_backend_tensor_set(matrix, bytes.data(), 0, bytes.size());
        return make_graphs(device);
    }

    std::string make_graphs(ggml_backend_dev_t device) {
        ggml_tensor * vector = ggml_new_tensor_2d(graph_context, GGML_TYPE_F32, columns, 1);
        ggml_tensor * vectors = ggml_new_tensor_2d(graph_context, GGML_TYPE_F32, columns, tokens);
        vector_graph = ggml_new_graph_custom(graph_context, weights.size() + 8, false);
        std::vector<ggml_tensor *> short_products;
        for (auto * matrix : weights) {
            short_products.push_back(ggml_mul_mat(graph_context, matrix, vector));
            ggml_build_forward_expand(vector_graph, short_products.back());
            products.push_back(ggml_mul_mat(graph_context, matrix, vectors));
        }
        // All products lie in the same place: nobody reads them, and on some devices there is little room.
        const auto type = ggml_backend_dev_buffer_type(device);
        const size_t alignment = ggml_backend_buft_get_alignment(type);
        const auto aligned = [&](ggml_tensor * tensor) {
            return (ggml_backend_buft_get_alloc_size(type, tensor) + alignment - 1) / alignment * alignment;
        };
        const size_t sizes[] = {aligned(vector), aligned(vectors), aligned(products[0])};
        values_buffer = ggml_backend_buft_alloc_buffer(type, sizes[0] + sizes[1] + sizes[2] + alignment);
        if (!values_buffer) return "there is no memory for it";
        auto * base = static_cast<char *>(ggml_backend_buffer_get_base(values_buffer));
        ggml_backend_tensor_alloc(values_buffer, vector, base);
        ggml_backend_tensor_alloc(values_buffer, vectors, base + sizes[0]);
        for (auto * product : short_products) {
            ggml_backend_tensor_alloc(values_buffer, product, base + sizes[0] + sizes[1]);
        }
        for (auto * product : products) ggml_backend_tensor_alloc(values_buffer, product, base + sizes[0] + sizes[1]);
        const std::vector<float> ones(static_cast<size_t>(columns * tokens), 1.0f);
        ggml_backend_tensor_set(vector, ones.data(), 0, ggml_nbytes(vector));
        ggml_backend_tensor_set(vectors, ones.data(), 0, ggml_nbytes(vectors));
        return "";
    }

    double run(ggml_cgraph * graph) {
        const auto start = clock_type::now();
        if (ggml_backend_graph_compute(backend, graph) != GGML_STATUS_SUCCESS) return -1;
        ggml_backend_synchronize(backend);
        return seconds_since(start);
    }
};

roost_kernel * roost_kernel_create(
    const char * device_name, const char * type_name, size_t byte_count, int32_t thread_count, char ** error) noexcept {
    try {
        roost_engine_start();
        ggml_backend_dev_t device = ggml_backend_dev_by_name(device_name);
        if (!device) {
            roost_set_error(error, "there is no such device");
            return nullptr;
        }
        for (int type = 0; type < GGML_TYPE_COUNT; type++) {
            const char * name = ggml_type_name(static_cast<ggml_type>(type));
            if (!name || std::strcmp(name, type_name) != 0) continue;
            auto kernel = std::make_unique<roost_kernel>();
            const auto problem = kernel->prepare(device, static_cast<ggml_type>(type), byte_count, thread_count);
            if (problem.empty()) return kernel.release();
            roost_set_error(error, problem);
            return nullptr;
        }
        roost_set_error(error, "the engine does not know this type");
    } catch (const std::exception & exception) {
        roost_set_error(error, exception.what());
    } catch (...) {
        roost_set_error(error, "it failed");
    }
    return nullptr;
}

void roost_kernel_free(roost_kernel * kernel) noexcept { delete kernel; }

const char * roost_kernel_place(const roost_kernel * kernel) noexcept { return kernel->place.c_str(); }

size_t roost_kernel_matrix_count(const roost_kernel * kernel) noexcept { return kernel->weights.size(); }

size_t roost_kernel_byte_count(const roost_kernel * kernel) noexcept {
    return kernel->weights.size() * ggml_nbytes(kernel->weights[0]);
}

double roost_kernel_multiply_vector(roost_kernel * kernel) noexcept {
    try {
        return kernel->run(kernel->vector_graph);
    } catch (...) {
        return -1;
    }
}

double roost_kernel_multiply_matrix(roost_kernel * kernel, size_t matrix_count, double * operations) noexcept {
    try {
        const size_t count = std::min(std::max<size_t>(matrix_count, 1), kernel->products.size());
        ggml_context * context = ggml_init({ggml_graph_overhead_custom(count + 8, false), nullptr, true});
        if (!context) return -1;
        ggml_cgraph * graph = ggml_new_graph_custom(context, count + 8, false);
        for (size_t i = 0; i < count; i++) ggml_build_forward_expand(graph, kernel->products[i]);
        const double seconds = kernel->run(graph);
        ggml_free(context);
        *operations = 2.0 * columns * rows * tokens * static_cast<double>(count);
        return seconds;
    } catch (...) {
        return -1;
    }
}

struct roost_memory_reader {
    std::vector<std::unique_ptr<uint8_t, decltype(&std::free)>> parts;
    size_t part_bytes = 0;
};

roost_memory_reader * roost_memory_reader_create(size_t byte_count, int32_t thread_count) noexcept {
    try {
        auto reader = std::make_unique<roost_memory_reader>();
        reader->part_bytes = byte_count / static_cast<size_t>(std::max(thread_count, 1));
        for (int32_t i = 0; i < thread_count; i++) {
            reader->parts.emplace_back(static_cast<uint8_t *>(std::malloc(reader->part_bytes)), std::free);
            if (!reader->parts.back()) return nullptr;
            // Written, or all pages would be the same empty one.
            std::memset(reader->parts.back().get(), 1, reader->part_bytes);
        }
        return reader.release();
    } catch (...) {
        return nullptr;
    }
}

void roost_memory_reader_free(roost_memory_reader * reader) noexcept { delete reader; }

double roost_memory_reader_run(roost_memory_reader * reader) noexcept {
    std::atomic<size_t> ready{0}, found{0};
    std::atomic<bool> starts{false};
    std::vector<std::thread> threads;
    bool complete = true;
    try {
        threads.reserve(reader->parts.size());
        for (const auto & part : reader->parts) {
            threads.emplace_back([&, bytes = part.get()] {
                ready++;
                while (!starts.load(std::memory_order_acquire)) std::this_thread::yield();
                // The C library's search is as fast as memory, however this file is compiled.
                if (std::memchr(bytes, 0, reader->part_bytes)) found++;
            });
        }
    } catch (...) {
        complete = false;
    }
    while (ready.load() < threads.size()) std::this_thread::yield();
    const auto start = clock_type::now();
    starts.store(true, std::memory_order_release);
    for (auto & thread : threads) thread.join();
    return complete && found.load() == 0 ? seconds_since(start) : -1;
}
