#include "LlamaBridge.h"

#include <llama.h>

#include <cmath>
#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

#include "Support.h"
#include "Vocabulary.h"

// The order is that of llama.cpp's common sampler: bias, penalties, DRY, top-k, typical, top-p, min-p, XTC,
// temperature, choice. What touches few tokens (bias, penalties) is applied to the logits in place, so that top-k
// or the maximum can be taken from the plain array; the engine's own samplers do the rest on the few that are left.

namespace {
struct sampler_deleter {
    void operator()(llama_sampler * sampler) const noexcept { llama_sampler_free(sampler); }
};
using sampler_ptr = std::unique_ptr<llama_sampler, sampler_deleter>;

struct penalties {
    int32_t last_n = 0;
    float repeat = 1, frequency = 0, presence = 0;
    std::deque<llama_token> window;
    std::unordered_map<llama_token, int32_t> counts;

    bool active() const { return last_n != 0 && (repeat != 1 || frequency != 0 || presence != 0); }

    void accept(llama_token token) {
        if (!active()) return;
        window.push_back(token);
        counts[token]++;
        if (last_n > 0 && window.size() > static_cast<size_t>(last_n)) {
            const auto found = counts.find(window.front());
            if (--found->second == 0) counts.erase(found);
            window.pop_front();
        }
    }

    void apply(float * logits, int32_t vocabulary_count) const {
        for (const auto & [token, count] : counts) {
            if (token < 0 || token >= vocabulary_count) continue;
            float & logit = logits[token];
            // CTRL divides; a negative logit has to be multiplied to become less likely.
            logit = logit <= 0 ? logit * repeat : logit / repeat;
            logit -= static_cast<float>(count) * frequency + presence;
        }
    }
};
} // namespace

struct roost_sampler {
    int32_t vocabulary_count = 0;
    std::vector<llama_logit_bias> bias;
    penalties penalty;
    sampler_ptr dry;     // looks at the prompt too; NULL when off
    sampler_ptr grammar; // NULL when there is none
    sampler_ptr chain;   // after top-k; NULL when the choice is greedy
    int32_t top_k = 0;
    std::vector<llama_token_data> candidates;
    std::vector<float> own; // a copy of logits that others read too

    // Every token with its logit, for what has to see all of them.
    llama_token_data_array all(const float * logits) {
        candidates.resize(vocabulary_count);
        for (int32_t id = 0; id < vocabulary_count; id++) candidates[id] = {id, logits[id], 0};
        return {candidates.data(), candidates.size(), -1, false};
    }

    llama_token choose(llama_token_data_array & array) {
        if (array.size == 0) return -1;
        if (chain) {
            llama_sampler_apply(chain.get(), &array);
            if (array.selected < 0 || static_cast<size_t>(array.selected) >= array.size) return -1;
            return array.data[array.selected].id;
        }
        const llama_token_data * best = nullptr;
        for (size_t i = 0; i < array.size; i++)
            if (!std::isnan(array.data[i].logit) && (!best || array.data[i].logit > best->logit)) best = &array.data[i];
        return best && best->logit > -INFINITY ? best->id : -1;
    }

    llama_token choose_from(float * logits, bool with_grammar) {
        if (with_grammar || dry || (chain && top_k <= 0)) {
            llama_token_data_array array = all(logits);
            if (with_grammar) llama_sampler_apply(grammar.get(), &array);
            if (dry) llama_sampler_apply(dry.get(), &array);
            if (top_k > 0 && chain) {
                const sampler_ptr keep(llama_sampler_init_top_k(top_k));
                llama_sampler_apply(keep.get(), &array);
            }
            return choose(array);
        }
        if (!chain) return roost_argmax(logits, vocabulary_count);
        roost_top_k(logits, vocabulary_count, std::min(top_k, vocabulary_count), candidates);
        llama_token_data_array array = {candidates.data(), candidates.size(), -1, true};
        return choose(array);
    }

    bool grammar_allows(llama_token token) {
        llama_token_data single = {token, 1, 0};
        llama_token_data_array array = {&single, 1, -1, false};
        llama_sampler_apply(grammar.get(), &array);
        return single.logit > -INFINITY;
    }
};

static sampler_ptr make_chain(const llama_vocab * vocab, const roost_sampling & params) {
    // min_keep is 1, as in common_params_sampling (0 there, but each sampler keeps one).
    sampler_ptr chain(llama_sampler_chain_init(llama_sampler_chain_default_params()));
    const auto add = [&](llama_sampler * sampler) { llama_sampler_chain_add(chain.get(), sampler); };
    if (params.mirostat == 1) {
        add(llama_sampler_init_temp(params.temperature));
        add(llama_sampler_init_mirostat(
            llama_vocab_n_tokens(vocab), params.seed, params.mirostat_tau, params.mirostat_eta, 100));
        return chain;
    }
    if (params.mirostat == 2) {
        add(llama_sampler_init_temp(params.temperature));
        add(llama_sampler_init_mirostat_v2(params.seed, params.mirostat_tau, params.mirostat_eta));
        return chain;
    }
    if (params.typical_p < 1) add(llama_sampler_init_typical(params.typical_p, 0));
    if (params.top_p < 1) add(llama_sampler_init_top_p(params.top_p, 0));
    if (params.min_p > 0) add(llama_sampler_init_min_p(params.min_p, 0));
    if (params.xtc_probability > 0) add(llama_sampler_init_xtc(params.xtc_probability, params.xtc_threshold, 0, params.seed));
    add(llama_sampler_init_temp_ext(params.temperature, params.dynatemp_range, params.dynatemp_exponent));
    add(llama_sampler_init_dist(params.seed));
    return chain;
}

roost_sampler * roost_sampler_create(
    const llama_vocab * vocab, const roost_sampling * params, llama_sampler * grammar, char ** error) noexcept {
    sampler_ptr owned(grammar);
    try {
        auto sampler = std::make_unique<roost_sampler>();
        sampler->grammar = std::move(owned);
        sampler->vocabulary_count = llama_vocab_n_tokens(vocab);
        for (size_t i = 0; i < params->bias_count; i++)
            sampler->bias.push_back({params->biased_tokens[i], params->biases[i]});
        int32_t suppressed_count = 0;
        const llama_token * suppressed = llama_vocab_get_suppress_tokens(vocab, &suppressed_count);
        for (int32_t i = 0; i < suppressed_count; i++) sampler->bias.push_back({suppressed[i], -INFINITY});
        if (params->ignore_eog)
            for (llama_token token = 0; token < sampler->vocabulary_count; token++)
                if (llama_vocab_is_eog(vocab, token)) sampler->bias.push_back({token, -INFINITY});

        sampler->penalty.last_n = params->penalty_last_n;
        sampler->penalty.repeat = params->penalty_repeat;
        sampler->penalty.frequency = params->penalty_freq;
        sampler->penalty.presence = params->penalty_present;

        if (params->dry_multiplier != 0 && params->dry_penalty_last_n != 0) {
            std::vector<const char *> breakers(params->dry_breakers, params->dry_breakers + params->dry_breaker_count);
            sampler->dry.reset(llama_sampler_init_dry(
                vocab, params->dry_multiplier, params->dry_base, params->dry_allowed_length, params->dry_penalty_last_n,
                breakers.data(), breakers.size()));
        }
        // XTC may remove the most likely token even at temperature 0, so only plain greedy goes without a chain.
        if (params->temperature > 0 || params->mirostat != 0 || params->xtc_probability > 0)
            sampler->chain = make_chain(vocab, *params);
        sampler->top_k = params->mirostat == 0 ? params->top_k : 0;
        return sampler.release();
    } catch (const std::exception & exception) {
        roost_set_error(error, exception.what());
    } catch (...) {
        roost_set_error(error, "unknown error");
    }
    return nullptr;
}

void roost_sampler_free(roost_sampler * sampler) noexcept { delete sampler; }

void roost_sampler_accept_prompt(roost_sampler * sampler, const llama_token * tokens, size_t count) noexcept {
    try {
        if (!sampler->penalty.active() && !sampler->dry) return;
        for (size_t i = 0; i < count; i++) {
            sampler->penalty.accept(tokens[i]);
            if (sampler->dry) llama_sampler_accept(sampler->dry.get(), tokens[i]);
        }
    } catch (...) {
    }
}

llama_token roost_sampler_next(
    roost_sampler * sampler, llama_context * ctx, int32_t index, bool preserve, char ** error) noexcept {
    try {
        float * logits = llama_get_logits_ith(ctx, index);
        if (!logits) {
            roost_set_error(error, "the engine gave no logits");
            return -1;
        }
        if (preserve && (!sampler->bias.empty() || sampler->penalty.active())) {
            sampler->own.assign(logits, logits + sampler->vocabulary_count);
            logits = sampler->own.data();
        }
        for (const llama_logit_bias & bias : sampler->bias)
            if (bias.token >= 0 && bias.token < sampler->vocabulary_count) logits[bias.token] += bias.bias;
        if (sampler->penalty.active()) sampler->penalty.apply(logits, sampler->vocabulary_count);

        // As llama.cpp does: the grammar is tried on the choice first and on the whole vocabulary only if it says no.
        llama_token token = sampler->choose_from(logits, false);
        if (sampler->grammar && (token < 0 || !sampler->grammar_allows(token)))
            token = sampler->choose_from(logits, true);
        if (token < 0) {
            roost_set_error(error, "no token has a finite logit");
            return -1;
        }
        if (sampler->grammar) llama_sampler_accept(sampler->grammar.get(), token);
        if (sampler->chain) llama_sampler_accept(sampler->chain.get(), token);
        if (sampler->dry) llama_sampler_accept(sampler->dry.get(), token);
        sampler->penalty.accept(token);
        return token;
    } catch (const std::exception & exception) {
        roost_set_error(error, exception.what());
    } catch (...) {
        roost_set_error(error, "unknown error");
    }
    return -1;
}

bool roost_log_probabilities(
    llama_context * ctx, int32_t index, int32_t vocabulary_count, int32_t token, float * value, int32_t top_count,
    int32_t * top_tokens, float * top_values) noexcept {
    try {
        const float * logits = llama_get_logits_ith(ctx, index);
        if (!logits || token < 0 || token >= vocabulary_count) return false;
        const double normalizer = roost_log_sum_exp(logits, vocabulary_count);
        *value = static_cast<float>(logits[token] - normalizer);
        if (top_count <= 0) return true;
        std::vector<llama_token_data> top;
        roost_top_k(logits, vocabulary_count, std::min(top_count, vocabulary_count), top);
        for (size_t i = 0; i < top.size(); i++) {
            top_tokens[i] = top[i].id;
            top_values[i] = static_cast<float>(top[i].logit - normalizer);
        }
        return static_cast<int32_t>(top.size()) == top_count;
    } catch (...) {
        return false;
    }
}

llama_sampler * roost_grammar_from_text(const llama_vocab * vocab, const char * text, char ** error) noexcept {
    try {
        llama_sampler * grammar = llama_sampler_init_grammar(vocab, text, "root");
        if (grammar) return grammar;
        char * log = roost_log_take();
        roost_set_error(error, log ? log : "it does not parse, or has no rule named root");
        roost_free(log);
    } catch (const std::exception & exception) {
        roost_set_error(error, exception.what());
    } catch (...) {
        roost_set_error(error, "unknown error");
    }
    return nullptr;
}

llama_sampler * roost_grammar_copy(const llama_sampler * grammar) noexcept {
    try {
        return llama_sampler_clone(grammar);
    } catch (...) {
        return nullptr;
    }
}

void roost_grammar_drop(llama_sampler * grammar) noexcept { llama_sampler_free(grammar); }
