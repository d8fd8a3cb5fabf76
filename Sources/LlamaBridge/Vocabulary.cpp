#include "Vocabulary.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace {
typedef float float4 __attribute__((vector_size(16)));
constexpr int32_t block = 64;

// Largest of 64 values. NaN never wins: every comparison with it is false.
inline float block_max(const float * values) noexcept {
    float4 best[4];
    std::memcpy(best, values, sizeof(best));
    for (int32_t i = 16; i < block; i += 16) {
        float4 next[4];
        std::memcpy(next, values + i, sizeof(next));
        for (int j = 0; j < 4; j++) best[j] = next[j] > best[j] ? next[j] : best[j];
    }
    float result = -INFINITY;
    for (const float4 & part : best)
        for (int j = 0; j < 4; j++) result = part[j] > result ? part[j] : result;
    return result;
}

// Orders by logit, largest first, then by index.
inline bool before(const llama_token_data & a, const llama_token_data & b) noexcept {
    return a.logit > b.logit || (a.logit == b.logit && a.id < b.id);
}
} // namespace

llama_token roost_argmax(const float * logits, int32_t count) noexcept {
    float best = -INFINITY;
    int32_t from = -1;
    const int32_t whole = count / block * block;
    for (int32_t start = 0; start < whole; start += block) {
        const float value = block_max(logits + start);
        if (value > best) {
            best = value;
            from = start;
        }
    }
    int32_t index = -1;
    if (from >= 0) index = static_cast<int32_t>(std::find(logits + from, logits + from + block, best) - logits);
    for (int32_t i = whole; i < count; i++) {
        if (logits[i] > best) {
            best = logits[i];
            index = i;
        }
    }
    return index;
}

void roost_top_k(const float * logits, int32_t count, int32_t k, std::vector<llama_token_data> & result) {
    // A heap of the k best so far, its worst on top; a block without a value above that worst is passed over.
    result.clear();
    result.reserve(static_cast<size_t>(k) + 1);
    const auto offer = [&](int32_t id) {
        const float logit = logits[id];
        if (std::isnan(logit)) return;
        if (static_cast<int32_t>(result.size()) < k) {
            result.push_back({id, logit, 0});
            std::push_heap(result.begin(), result.end(), before);
        } else if (logit > result.front().logit) {
            std::pop_heap(result.begin(), result.end(), before);
            result.back() = {id, logit, 0};
            std::push_heap(result.begin(), result.end(), before);
        }
    };
    const int32_t whole = count / block * block;
    for (int32_t start = 0; start < whole; start += block) {
        const bool full = static_cast<int32_t>(result.size()) == k;
        if (full && !(block_max(logits + start) > result.front().logit)) continue;
        for (int32_t i = start; i < start + block; i++) offer(i);
    }
    for (int32_t i = whole; i < count; i++) offer(i);
    std::sort_heap(result.begin(), result.end(), before);
}
