#pragma once
// What a model and its contexts take, told by the engine without taking it. Bytes everywhere.
#include "LlamaBridge.h"

#ifdef __cplusplus
extern "C" {
#endif

struct llama_model;

struct roost_device_memory {
    const char * device; // the engine's name for it, "CPU" for all of the host's; lives as long as the process
    bool is_host;
    uint64_t weights;
    uint64_t context;
    uint64_t compute;
};

enum { roost_layout_device_limit = 32 };

struct roost_layout_weights {
    uint64_t files;    // the files' lengths
    uint64_t mapped;   // of the files, what stays mapped once they are loaded with a memory map
    uint64_t repacked; // weights that the CPU's back end keeps in a form of its own
    uint64_t tables;   // what the model without its weights took of the heap: its vocabulary; 0 when nobody counts
};

struct roost_layout_context {
    struct roost_device_memory devices[roost_layout_device_limit]; // the host first
    size_t device_count;
    uint64_t work;  // what the CPU's back end takes beside the compute buffer
    bool has_cache; // whether it keeps tokens
};

// Reads a model's files without their weights, which need not be there: a file only has to be as long as if they were.
// `model_params` is a llama_model_params. The model is good for questions, not for computing; NULL when the engine
// refuses it.
struct llama_model * roost_layout_load(
    const char ** paths, size_t path_count, const void * model_params,
    struct roost_layout_weights * weights) ROOST_NOEXCEPT;
// What such a model with a context would take; `context_params` is a llama_context_params. False when the engine
// refuses. What is no tensor is really taken meanwhile (lists of cells), and the states of recurrent layers are.
bool roost_layout_context_memory(
    struct llama_model * model, const void * context_params, struct roost_layout_context * result) ROOST_NOEXCEPT;

// What a projector would take on each device, in `weights`. False when the engine refuses it, or does not say.
bool roost_layout_projector_memory(
    const char * path, bool uses_gpu, int32_t flash_attention, struct roost_layout_context * result) ROOST_NOEXCEPT;

// What a context takes with its model; the host's work is not told. False when there are more devices than there is room.
bool roost_context_memory(const struct llama_context * ctx, struct roost_layout_context * result) ROOST_NOEXCEPT;

#ifdef __cplusplus
}
#endif
