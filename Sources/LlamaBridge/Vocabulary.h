#pragma once
#include <llama.h>

#include <vector>

// Loops over all logits. Plain vector code of the compiler, so that they cost tens of microseconds for a
// vocabulary of 262 144 and not a millisecond.

// Index of the largest logit, the first one of equals; −1 when none is above −infinity.
llama_token roost_argmax(const float * logits, int32_t count) noexcept;

// The k largest, largest first, equal ones by index.
void roost_top_k(const float * logits, int32_t count, int32_t k, std::vector<llama_token_data> & result);

// The logarithm of the sum of exp(logit): what the logits are less by as log-probabilities.
double roost_log_sum_exp(const float * logits, int32_t count) noexcept;
