#pragma once
// A draft model's step.
#include "LlamaBridge.h"

#ifdef __cplusplus
extern "C" {
#endif

// Computes `tokens` behind what sequence 0 of `ctx` has, and returns the most likely next token with its probability.
// −1 when nothing can be chosen; a code below −1 when the engine failed, and what it has then is unknown.
int32_t roost_draft_next(
    struct llama_context * ctx, int32_t * tokens, int32_t count, int32_t vocabulary_count,
    float * probability) ROOST_NOEXCEPT;

#ifdef __cplusplus
}
#endif
