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

typedef int32_t int4 __attribute__((vector_size(16)));

// exp(x) for −87 ≤ x ≤ 0: 2^n times a polynomial of the rest (Cephes' expf), right to a unit or two in the last place.
inline float4 exp4(float4 x) noexcept {
    const float4 scaled = x * 1.44269504f - 0.5f;
    const int4 n = __builtin_convertvector(scaled, int4);
    const float4 whole = __builtin_convertvector(n, float4);
    const float4 rest = x - whole * 0.693359375f + whole * 2.12194440e-4f;
    float4 sum = rest * 1.9875691500e-4f + 1.3981999507e-3f;
    sum = sum * rest + 8.3334519073e-3f;
    sum = sum * rest + 4.1665795894e-2f;
    sum = sum * rest + 1.6666665459e-1f;
    sum = sum * rest + 5.0000001201e-1f;
    sum = sum * rest * rest + rest + 1.0f;
    const int4 power = (n + 127) << 23;
    float4 scale;
    std::memcpy(&scale, &power, sizeof(scale));
    return sum * scale;
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

double roost_log_sum_exp(const float * logits, int32_t count) noexcept {
    const int32_t best = roost_argmax(logits, count);
    if (best < 0) return 0;
    const float top = logits[best];
    // What is 40 below the best adds less than e⁻⁴⁰ each: nothing, even from a million of them.
    const float least = -40;
    const float4 least4 = {least, least, least, least};
    const float4 none = {0, 0, 0, 0};
    double sum = 0;
    const int32_t whole = count / block * block;
    for (int32_t start = 0; start < whole; start += block) {
        if (!(block_max(logits + start) - top > least)) continue;
        float4 part = {0, 0, 0, 0};
        for (int32_t i = start; i < start + block; i += 4) {
            float4 x;
            std::memcpy(&x, logits + i, sizeof(x));
            x = x - top;
            const int4 counts = x > least;
            const float4 value = exp4(counts ? x : least4);
            part += counts ? value : none;
        }
        sum += static_cast<double>(part[0]) + part[1] + part[2] + part[3];
    }
    for (int32_t i = whole; i < count; i++)
        if (logits[i] - top > least) sum += std::exp(static_cast<double>(logits[i] - top));
    return top + std::log(sum);
}
