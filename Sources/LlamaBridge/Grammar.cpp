#include <common.h>
#include <llama.h>
#include <reasoning-budget.h>

#include <algorithm>
#include <cctype>
#include <climits>
#include <ctime>
#include <deque>
#include <memory>

#include "LlamaBridge.h"
#include "Support.h"

// The engine's grammar sampler behind a gate, as llama.cpp's common sampler has it: a lazy grammar is not set off by
// what the model thinks, and one that is not lazy knows what the template wrote of the answer already. Ours: trigger
// words are looked for in the end of the text and not each time in all of it, and an ambiguous grammar is stopped.

namespace {
struct sampler_deleter {
    void operator()(llama_sampler * sampler) const noexcept { llama_sampler_free(sampler); }
};
using sampler_ptr = std::unique_ptr<llama_sampler, sampler_deleter>;

// A grammar of which every token leaves twice as many readings would take all memory within 30 tokens. The processor's
// time and not the clock's: others may keep this thread waiting.
constexpr double longest_accept = 2;

double thread_seconds() {
    timespec time = {};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

struct gated_grammar {
    const llama_vocab * vocab = nullptr;
    sampler_ptr grammar;
    sampler_ptr thinking; // NULL when thinking needs no gate
    bool lazy = false;
    // Only words and tokens: the end of the text is enough to find them. Else the engine looks, at all of it.
    bool looks_itself = false;
    bool is_set_off = false;
    std::vector<std::string> words;
    std::vector<llama_token> tokens;
    size_t longest_word = 0;
    std::deque<std::pair<llama_token, size_t>> tail;
    std::string tail_text;

    gated_grammar() = default;
    gated_grammar(const gated_grammar & other)
        : vocab(other.vocab), grammar(llama_sampler_clone(other.grammar.get())),
          thinking(other.thinking ? llama_sampler_clone(other.thinking.get()) : nullptr), lazy(other.lazy),
          looks_itself(other.looks_itself), is_set_off(other.is_set_off), words(other.words), tokens(other.tokens),
          longest_word(other.longest_word), tail(other.tail), tail_text(other.tail_text) {}

    bool is_thinking() const {
        if (!thinking) return false;
        const auto state = common_reasoning_budget_get_state(thinking.get());
        return state != REASONING_BUDGET_IDLE && state != REASONING_BUDGET_DONE;
    }

    bool applies() const { return !is_thinking() && (!looks_itself || is_set_off); }

    void pass_on(llama_token token) {
        const double started = thread_seconds();
        llama_sampler_accept(grammar.get(), token);
        if (thread_seconds() - started > longest_accept)
            throw std::runtime_error("the grammar is too ambiguous: one token took more than two seconds");
    }

    void look(llama_token token) {
        if (!looks_itself || is_set_off) return pass_on(token);
        if (std::find(tokens.begin(), tokens.end(), token) != tokens.end()) {
            is_set_off = true;
            return pass_on(token);
        }
        const std::string piece = common_token_to_piece(vocab, token, true);
        tail.emplace_back(token, piece.size());
        tail_text += piece;
        const bool is_found = std::any_of(words.begin(), words.end(), [&](const std::string & word) {
            return tail_text.find(word) != std::string::npos;
        });
        if (is_found) {
            is_set_off = true;
            for (const auto & item : tail) pass_on(item.first);
            tail.clear();
            tail_text.clear();
            return;
        }
        // A word that is not there yet can begin in the last of its characters but one, at the earliest.
        while (!tail.empty() && tail_text.size() - tail.front().second + 1 >= longest_word) {
            tail_text.erase(0, tail.front().second);
            tail.pop_front();
        }
    }

    void accept(llama_token token) {
        const bool was_thinking = is_thinking();
        if (thinking) {
            llama_sampler_accept(thinking.get(), token);
            // The end of thinking may be what sets the grammar off.
            if (was_thinking && common_reasoning_budget_get_state(thinking.get()) == REASONING_BUDGET_DONE)
                if (const llama_tokens * end = common_reasoning_budget_get_end_match(thinking.get()))
                    for (const llama_token ending : *end) look(ending);
        }
        if (!was_thinking) look(token);
    }
};

gated_grammar & gated(const llama_sampler * sampler) { return *static_cast<gated_grammar *>(sampler->ctx); }

llama_sampler * make_sampler(std::unique_ptr<gated_grammar> grammar);

llama_sampler_i make_interface() {
    llama_sampler_i interface = {};
    interface.name = [](const llama_sampler *) { return "roost-grammar"; };
    interface.accept = [](llama_sampler * sampler, llama_token token) { gated(sampler).accept(token); };
    interface.apply = [](llama_sampler * sampler, llama_token_data_array * candidates) {
        if (gated(sampler).applies()) llama_sampler_apply(gated(sampler).grammar.get(), candidates);
    };
    interface.clone = [](const llama_sampler * sampler) {
        return make_sampler(std::make_unique<gated_grammar>(gated(sampler)));
    };
    interface.free = [](llama_sampler * sampler) { delete &gated(sampler); };
    return interface;
}

llama_sampler * make_sampler(std::unique_ptr<gated_grammar> grammar) {
    static llama_sampler_i interface = make_interface();
    return llama_sampler_init(&interface, grammar.release());
}

std::string anchored(const std::string & pattern) {
    if (pattern.empty()) return "^$";
    return (pattern.front() == '^' ? "" : "^") + pattern + (pattern.back() == '$' ? "" : "$");
}

// The tokens of a text as it stands within a line, without the space that some tokenizers put before a beginning; empty
// when the vocabulary cannot say it so.
llama_tokens inner_tokens(const llama_vocab * vocab, const std::string & text) {
    const llama_tokens tokens = common_tokenize(vocab, "\n" + text, false, false);
    std::string before;
    size_t start = 0;
    while (start < tokens.size() && (before.empty() || before.back() != '\n'))
        before += common_token_to_piece(vocab, tokens[start++], true);
    llama_tokens inner(tokens.begin() + static_cast<std::ptrdiff_t>(start), tokens.end());
    std::string said;
    for (const llama_token token : inner) said += common_token_to_piece(vocab, token, true);
    return said == text ? inner : llama_tokens();
}

// The tokens of what the template wrote of the answer. Some tokenizers put a space before a text and behind each special
// token, which is not in what was written, and no grammar has it.
llama_tokens prefill(const llama_vocab * vocab, const std::string & text) {
    llama_tokens written;
    size_t place = 0;
    for (const llama_token token : common_tokenize(vocab, text, false, true)) {
        const std::string piece = common_token_to_piece(vocab, token, true);
        const bool is_as_written = text.compare(place, piece.size(), piece) == 0;
        const std::string rest = is_as_written || piece.empty() || piece[0] != ' ' ? "" : piece.substr(1);
        if (is_as_written || rest.empty() || text.compare(place, rest.size(), rest) != 0) {
            // A space alone that nobody wrote is left out.
            if (is_as_written || piece != " ") written.push_back(token);
            if (is_as_written) place += piece.size();
            continue;
        }
        const llama_tokens inner = inner_tokens(vocab, rest);
        if (inner.empty()) written.push_back(token);
        written.insert(written.end(), inner.begin(), inner.end());
        place += rest.size();
    }
    return written;
}

sampler_ptr make_lazy(gated_grammar & gate, const roost_grammar & description) {
    std::vector<std::string> patterns;
    gate.looks_itself = true;
    for (size_t i = 0; i < description.trigger_count; i++) {
        const roost_trigger & trigger = description.triggers[i];
        const std::string text = trigger.text ? trigger.text : "";
        switch (trigger.kind) {
            case ROOST_TRIGGER_TOKEN: gate.tokens.push_back(trigger.token); break;
            case ROOST_TRIGGER_WORD:
                if (text.empty()) throw std::invalid_argument("a trigger is empty");
                gate.words.push_back(text);
                gate.longest_word = std::max(gate.longest_word, text.size());
                patterns.push_back(regex_escape(text));
                break;
            case ROOST_TRIGGER_PATTERN:
                patterns.push_back(text);
                gate.looks_itself = false;
                break;
            case ROOST_TRIGGER_PATTERN_FULL:
                patterns.push_back(anchored(text));
                gate.looks_itself = false;
                break;
            default: throw std::invalid_argument("unknown kind of trigger");
        }
    }
    if (patterns.empty() && gate.tokens.empty()) throw std::invalid_argument("nothing sets off the lazy grammar");
    std::vector<const char *> pointers;
    for (const std::string & pattern : patterns) pointers.push_back(pattern.c_str());
    return sampler_ptr(llama_sampler_init_grammar_lazy_patterns(
        gate.vocab, description.text, "root", pointers.data(), pointers.size(), gate.tokens.data(),
        gate.tokens.size()));
}
} // namespace

llama_sampler * roost_grammar_create(
    const llama_vocab * vocab, const roost_grammar * description, char ** error) noexcept {
    try {
        auto gate = std::make_unique<gated_grammar>();
        gate->vocab = vocab;
        gate->lazy = description->lazy;
        gate->grammar = description->lazy
            ? make_lazy(*gate, *description)
            : sampler_ptr(llama_sampler_init_grammar(vocab, description->text, "root"));
        if (!gate->grammar) {
            char * log = roost_log_take();
            roost_set_error(error, log ? log : "it does not parse, or has no rule named root");
            roost_free(log);
            return nullptr;
        }
        const std::string start = description->generation_prompt ? description->generation_prompt : "";
        const llama_tokens written = start.empty() ? llama_tokens() : prefill(vocab, start);
        if (!gate->lazy)
            for (const llama_token token : written) gate->pass_on(token);
        const std::string thinking_start = description->thinking_start ? description->thinking_start : "";
        if (gate->lazy && !thinking_start.empty() && description->thinking_end_count > 0) {
            std::vector<llama_tokens> ends;
            for (size_t i = 0; i < description->thinking_end_count; i++)
                ends.push_back(common_tokenize(vocab, description->thinking_ends[i], false, true));
            const llama_tokens starts = common_tokenize(vocab, thinking_start, false, true);
            gate->thinking.reset(common_reasoning_budget_init(vocab, {starts}, ends, {}, INT_MAX));
            for (const llama_token token : written) llama_sampler_accept(gate->thinking.get(), token);
        }
        return make_sampler(std::move(gate));
    } catch (const std::exception & exception) {
        roost_set_error(error, exception.what());
    } catch (...) {
        roost_set_error(error, "unknown error");
    }
    return nullptr;
}

void roost_grammar_free(llama_sampler * sampler) noexcept { llama_sampler_free(sampler); }
