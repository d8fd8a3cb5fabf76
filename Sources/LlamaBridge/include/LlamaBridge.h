#pragma once
// The part of the engine that Swift cannot call by itself: C++ interfaces, calls that may throw (an exception
// must not cross into Swift), and the loops over a whole vocabulary that have to be fast in debug builds too.
// Every function is noexcept. A `char *` that is returned belongs to the caller: free it with roost_free.
//
// llama.h is not included: its declarations would belong to this module as well as to CLlama, and which of the two
// Swift finds them in would depend on the order in which files are compiled.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define ROOST_NOEXCEPT noexcept
extern "C" {
#else
#define ROOST_NOEXCEPT
#endif

#ifdef __cplusplus
}
#endif

#include "LlamaBridgeChat.h"

#ifdef __cplusplus
extern "C" {
#endif

struct llama_model;
struct llama_context;
struct llama_vocab;
struct llama_sampler;

// MARK: Engine

// Starts the engine and takes over its log, once for the process; later calls do nothing.
void roost_engine_start(void) ROOST_NOEXCEPT;
// Commit, compiler and platform of the engine.
const char * roost_engine_build(void) ROOST_NOEXCEPT;
// The warnings and errors that the engine logged on this thread since the last call; NULL when there are none.
char * roost_log_take(void) ROOST_NOEXCEPT;
void roost_free(void * pointer) ROOST_NOEXCEPT;

// MARK: Calls that may throw

// Returns the count and an array to free in `tokens`, or −1.
int64_t roost_tokenize(
    const struct llama_vocab * vocab, const char * text, size_t length, bool add_special, bool parse_special,
    int32_t ** tokens) ROOST_NOEXCEPT;
// Returns the count and bytes to free in `text`, or −1. The bytes need not be whole UTF-8.
int64_t roost_detokenize(
    const struct llama_vocab * vocab, const int32_t * tokens, size_t count, bool remove_special,
    bool unparse_special, char ** text) ROOST_NOEXCEPT;
// llama_model_load_from_file_ptr on a copy of the descriptor, which stays open; `params` is a llama_model_params.
struct llama_model * roost_model_load_descriptor(int32_t descriptor, const void * params) ROOST_NOEXCEPT;

// MARK: Batches

struct roost_batch;
// Room for `capacity` tokens, used again and again; NULL when there is no memory for it.
struct roost_batch * roost_batch_create(int32_t capacity) ROOST_NOEXCEPT;
void roost_batch_free(struct roost_batch * batch) ROOST_NOEXCEPT;
void roost_batch_clear(struct roost_batch * batch) ROOST_NOEXCEPT;
int32_t roost_batch_count(const struct roost_batch * batch) ROOST_NOEXCEPT;
// Adds tokens of one sequence, from `position` on; the last `output_count` of them give logits. Returns the index of
// the first in the batch, −1 when there is no room.
int32_t roost_batch_add(
    struct roost_batch * batch, const int32_t * tokens, int32_t count, int32_t position, int32_t sequence,
    int32_t output_count) ROOST_NOEXCEPT;
// llama_decode, waited for. Its codes, and −100 for an exception.
int32_t roost_batch_decode(struct roost_batch * batch, struct llama_context * ctx) ROOST_NOEXCEPT;

// MARK: States of sequences (llama_state_seq_*_ext); 0 for a failure

size_t roost_state_size(struct llama_context * ctx, int32_t sequence, bool is_partial) ROOST_NOEXCEPT;
size_t roost_state_get(
    struct llama_context * ctx, int32_t sequence, bool is_partial, uint8_t * bytes, size_t capacity) ROOST_NOEXCEPT;
size_t roost_state_set(
    struct llama_context * ctx, int32_t sequence, bool is_partial, const uint8_t * bytes, size_t count) ROOST_NOEXCEPT;

// MARK: Sampling

// The fields mean what llama.cpp's `common_params_sampling` means by them.
struct roost_sampling {
    float temperature;
    int32_t top_k;
    float top_p;
    float min_p;
    float typical_p;
    float xtc_probability;
    float xtc_threshold;
    float dynatemp_range;
    float dynatemp_exponent;
    int32_t penalty_last_n;
    float penalty_repeat;
    float penalty_freq;
    float penalty_present;
    float dry_multiplier;
    float dry_base;
    int32_t dry_allowed_length;
    int32_t dry_penalty_last_n;
    const char * const * dry_breakers;
    size_t dry_breaker_count;
    int32_t mirostat;
    float mirostat_tau;
    float mirostat_eta;
    uint32_t seed;
    const int32_t * biased_tokens;
    const float * biases; // as many
    size_t bias_count;
    bool ignore_eog; // forbid the model's end-of-generation tokens
};

struct roost_sampler;
// `grammar`: of roost_grammar_create, or NULL; it belongs to the sampler from here on,
// also when this fails.
struct roost_sampler * roost_sampler_create(
    const struct llama_vocab * vocab, const struct roost_sampling * params, struct llama_sampler * grammar,
    char ** error) ROOST_NOEXCEPT;
void roost_sampler_free(struct roost_sampler * sampler) ROOST_NOEXCEPT;
// Takes note of prompt tokens, which the penalties look back on.
void roost_sampler_accept_prompt(
    struct roost_sampler * sampler, const int32_t * tokens, size_t count) ROOST_NOEXCEPT;
// Chooses the next token by the logits of the batch's token `index` and takes note of it. The logits are changed in
// place unless `preserve` says that somebody else reads them too.
// Returns −1 and a message in `error` when nothing can be chosen.
int32_t roost_sampler_next(
    struct roost_sampler * sampler, struct llama_context * ctx, int32_t index, bool preserve,
    char ** error) ROOST_NOEXCEPT;
// Natural logarithms of the probabilities by the logits of the batch's token `index`: of `token`, and of the
// `top_count` likeliest, likeliest first. False when there are no logits.
bool roost_log_probabilities(
    struct llama_context * ctx, int32_t index, int32_t vocabulary_count, int32_t token, float * value,
    int32_t top_count, int32_t * top_tokens, float * top_values) ROOST_NOEXCEPT;

// The same rules at the same place, for another answer; NULL when there is no memory for it.
struct llama_sampler * roost_grammar_copy(const struct llama_sampler * grammar) ROOST_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#include "LlamaBridgeEmbedding.h"
#include "LlamaBridgeMedia.h"
#include "LlamaBridgeDraft.h"
#include "LlamaBridgeMeasure.h"
#include "LlamaBridgeMemory.h"
