#include "LlamaBridge.h"

#include <llama.h>

#include <cmath>

#include "LlamaBridgeDraft.h"
#include "Vocabulary.h"

int32_t roost_draft_next(
    llama_context * ctx, llama_token * tokens, int32_t count, int32_t vocabulary_count, float * probability) noexcept {
    try {
        *probability = 0;
        const int32_t code = llama_decode(ctx, llama_batch_get_one(tokens, count));
        if (code != 0) return code < 0 ? code - 10 : -10 - code;
        llama_synchronize(ctx);
        const float * logits = llama_get_logits_ith(ctx, -1);
        if (!logits) return -1;
        const llama_token best = roost_argmax(logits, vocabulary_count);
        if (best < 0) return -1;
        // What is 20 below the best is not likely, not even a million of it together.
        const float least = logits[best] - 20;
        double sum = 0;
        for (int32_t i = 0; i < vocabulary_count; i++)
            if (logits[i] > least) sum += std::exp(static_cast<double>(logits[i] - logits[best]));
        *probability = static_cast<float>(1 / sum);
        return best;
    } catch (...) {
        return -100;
    }
}
