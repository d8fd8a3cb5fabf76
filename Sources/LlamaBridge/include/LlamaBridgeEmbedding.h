#pragma once
// Texts through a context that was made for embeddings. Included by LlamaBridge.h.
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct llama_context;

// Computes `count` texts at once, the i-th as sequence i; all their tokens stand in `tokens`, one text behind the other,
// and `lengths` says how many are whose. What the context remembered is forgotten first.
// llama_encode for encoders, else llama_decode; their codes, −100 for an exception.
int32_t roost_embed(
    struct llama_context * ctx, const int32_t * tokens, const int32_t * lengths, int32_t count,
    bool is_encoder) ROOST_NOEXCEPT;
// The same for one text that may be longer than the context's batch: `batch_size` tokens at a time, as sequence 0.
int32_t roost_embed_long(
    struct llama_context * ctx, const int32_t * tokens, int32_t count, int32_t batch_size) ROOST_NOEXCEPT;

#ifdef __cplusplus
}
#endif
