#include <llama.h>

#include <exception>
#include <vector>

#include "LlamaBridge.h"

namespace {
// A batch over arrays of ours: every token is an output, as pooling needs.
struct Batch {
    std::vector<llama_token> tokens;
    std::vector<llama_pos> positions;
    std::vector<int32_t> sequence_counts;
    std::vector<llama_seq_id> sequences;
    std::vector<llama_seq_id *> sequence_pointers;
    std::vector<int8_t> outputs;

    void add(llama_token token, llama_pos position, llama_seq_id sequence) {
        tokens.push_back(token);
        positions.push_back(position);
        sequences.push_back(sequence);
    }

    llama_batch view() {
        const size_t count = tokens.size();
        sequence_counts.assign(count, 1);
        outputs.assign(count, 1);
        sequence_pointers.resize(count);
        for (size_t i = 0; i < count; i++) sequence_pointers[i] = &sequences[i];
        llama_batch batch = {};
        batch.n_tokens = static_cast<int32_t>(count);
        batch.token = tokens.data();
        batch.pos = positions.data();
        batch.n_seq_id = sequence_counts.data();
        batch.seq_id = sequence_pointers.data();
        batch.logits = outputs.data();
        return batch;
    }
};

void forget(llama_context * ctx) {
    if (llama_memory_t memory = llama_get_memory(ctx)) llama_memory_clear(memory, false);
}
} // namespace

int32_t roost_embed(
    llama_context * ctx, const int32_t * tokens, const int32_t * lengths, int32_t count, bool is_encoder) noexcept {
    try {
        forget(ctx);
        Batch batch;
        for (int32_t text = 0; text < count; text++)
            for (int32_t position = 0; position < lengths[text]; position++) batch.add(*tokens++, position, text);
        const int32_t code = is_encoder ? llama_encode(ctx, batch.view()) : llama_decode(ctx, batch.view());
        if (code == 0) llama_synchronize(ctx);
        return code;
    } catch (...) {
        return -100;
    }
}

int32_t roost_embed_long(
    llama_context * ctx, const int32_t * tokens, int32_t count, int32_t batch_size) noexcept {
    try {
        forget(ctx);
        for (int32_t start = 0; start < count; start += batch_size) {
            Batch batch;
            for (int32_t i = start; i < count && i < start + batch_size; i++) batch.add(tokens[i], i, 0);
            if (const int32_t code = llama_decode(ctx, batch.view())) return code;
        }
        llama_synchronize(ctx);
        return 0;
    } catch (...) {
        return -100;
    }
}
