#pragma once
// Included by LlamaBridge.h: how fast the engine's kernels and the machine's memory are.

#ifdef __cplusplus
extern "C" {
#endif

struct roost_kernel;
// Random weights of a type (ggml's name, "q4_K") on a device (ggml's name, "CPU"), at least `byte_count` in several
// matrices, kept as llama.cpp would keep them there. `thread_count` matters to the CPU. NULL and why when it cannot be.
struct roost_kernel * roost_kernel_create(
    const char * device, const char * type, size_t byte_count, int32_t thread_count, char ** error) ROOST_NOEXCEPT;
void roost_kernel_free(struct roost_kernel * kernel) ROOST_NOEXCEPT;
// The engine's name of the buffer type that the weights are in ("CPU", "CPU_REPACK").
const char * roost_kernel_place(const struct roost_kernel * kernel) ROOST_NOEXCEPT;
size_t roost_kernel_matrix_count(const struct roost_kernel * kernel) ROOST_NOEXCEPT;
size_t roost_kernel_byte_count(const struct roost_kernel * kernel) ROOST_NOEXCEPT;
// Seconds that it takes to multiply all matrices by a vector, one after the other; negative when it failed.
double roost_kernel_multiply_vector(struct roost_kernel * kernel) ROOST_NOEXCEPT;
// The same for some of the matrices by 512 vectors, and how many floating-point operations that were.
double roost_kernel_multiply_matrix(
    struct roost_kernel * kernel, size_t matrix_count, double * operations) ROOST_NOEXCEPT;

struct roost_memory_reader;
// Memory that each of the threads has a part of; NULL when there is none.
struct roost_memory_reader * roost_memory_reader_create(size_t byte_count, int32_t thread_count) ROOST_NOEXCEPT;
void roost_memory_reader_free(struct roost_memory_reader * reader) ROOST_NOEXCEPT;
// Seconds in which all threads together read all of it once; negative when it failed.
double roost_memory_reader_run(struct roost_memory_reader * reader) ROOST_NOEXCEPT;

#ifdef __cplusplus
}
#endif
