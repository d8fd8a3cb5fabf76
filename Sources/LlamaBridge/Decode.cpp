#include <llama.h>

#include <unistd.h>

#include <cstdio>
#include <vector>

#include "LlamaBridge.h"
#include "Support.h"

// The arrays of a llama_batch, made once for the most tokens that a call may have.
struct roost_batch {
    std::vector<llama_token> tokens;
    std::vector<llama_pos> positions;
    std::vector<int32_t> sequence_counts;
    std::vector<llama_seq_id> sequences;
    std::vector<llama_seq_id *> sequence_lists;
    std::vector<int8_t> outputs;
    int32_t count = 0;

    explicit roost_batch(size_t capacity)
        : tokens(capacity), positions(capacity), sequence_counts(capacity, 1), sequences(capacity),
          sequence_lists(capacity), outputs(capacity) {
        for (size_t i = 0; i < capacity; i++) sequence_lists[i] = &sequences[i];
    }
};

roost_batch * roost_batch_create(int32_t capacity) noexcept {
    try {
        return capacity > 0 ? new roost_batch(static_cast<size_t>(capacity)) : nullptr;
    } catch (...) {
        return nullptr;
    }
}

void roost_batch_free(roost_batch * batch) noexcept { delete batch; }

void roost_batch_clear(roost_batch * batch) noexcept { batch->count = 0; }

int32_t roost_batch_count(const roost_batch * batch) noexcept { return batch->count; }

int32_t roost_batch_add(
    roost_batch * batch, const llama_token * tokens, int32_t count, int32_t position, int32_t sequence,
    int32_t output_count) noexcept {
    const int32_t first = batch->count;
    if (count < 0 || static_cast<size_t>(first) + static_cast<size_t>(count) > batch->tokens.size()) return -1;
    for (int32_t i = 0; i < count; i++) {
        const size_t at = static_cast<size_t>(first) + static_cast<size_t>(i);
        batch->tokens[at] = tokens[i];
        batch->positions[at] = position + i;
        batch->sequences[at] = sequence;
        batch->outputs[at] = i >= count - output_count ? 1 : 0;
    }
    batch->count += count;
    return first;
}

int32_t roost_batch_decode(roost_batch * batch, llama_context * ctx) noexcept {
    try {
        llama_batch view = {};
        view.n_tokens = batch->count;
        view.token = batch->tokens.data();
        view.pos = batch->positions.data();
        view.n_seq_id = batch->sequence_counts.data();
        view.seq_id = batch->sequence_lists.data();
        view.logits = batch->outputs.data();
        const int32_t code = llama_decode(ctx, view);
        if (code == 0) llama_synchronize(ctx);
        return code;
    } catch (const std::exception & exception) {
        roost_log_add(exception.what());
    } catch (...) {
    }
    return -100;
}

size_t roost_state_size(llama_context * ctx, int32_t sequence, bool is_partial) noexcept {
    try {
        return llama_state_seq_get_size_ext(
            ctx, sequence, is_partial ? LLAMA_STATE_SEQ_FLAGS_PARTIAL_ONLY : LLAMA_STATE_SEQ_FLAGS_NONE);
    } catch (const std::exception & exception) {
        roost_log_add(exception.what());
    } catch (...) {
    }
    return 0;
}

size_t roost_state_get(
    llama_context * ctx, int32_t sequence, bool is_partial, uint8_t * bytes, size_t capacity) noexcept {
    try {
        return llama_state_seq_get_data_ext(
            ctx, bytes, capacity, sequence,
            is_partial ? LLAMA_STATE_SEQ_FLAGS_PARTIAL_ONLY : LLAMA_STATE_SEQ_FLAGS_NONE);
    } catch (const std::exception & exception) {
        roost_log_add(exception.what());
    } catch (...) {
    }
    return 0;
}

size_t roost_state_set(
    llama_context * ctx, int32_t sequence, bool is_partial, const uint8_t * bytes, size_t count) noexcept {
    try {
        return llama_state_seq_set_data_ext(
            ctx, bytes, count, sequence,
            is_partial ? LLAMA_STATE_SEQ_FLAGS_PARTIAL_ONLY : LLAMA_STATE_SEQ_FLAGS_NONE);
    } catch (const std::exception & exception) {
        roost_log_add(exception.what());
    } catch (...) {
    }
    return 0;
}

llama_model * roost_model_load_descriptor(int32_t descriptor, const void * params) noexcept {
    const int copy = dup(descriptor);
    if (copy < 0) return nullptr;
    std::FILE * file = fdopen(copy, "rb");
    if (!file) {
        close(copy);
        return nullptr;
    }
    llama_model * model = nullptr;
    try {
        std::rewind(file);
        model = llama_model_load_from_file_ptr(file, *static_cast<const llama_model_params *>(params));
    } catch (const std::exception & exception) {
        roost_log_add(exception.what());
    } catch (...) {
    }
    std::fclose(file);
    return model;
}
