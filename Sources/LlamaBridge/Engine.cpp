#include "LlamaBridge.h"

#include <build-info.h>
#include <common.h>
#include <llama.h>
#include <llama-ext.h>

#include <mutex>

#include "Support.h"

namespace {
// What the engine said last on this thread. Loading and decoding log on the thread that called them.
thread_local std::string log_text;
thread_local bool log_continues = false;
constexpr size_t log_limit = 16 * 1024;

void take_log(ggml_log_level level, const char * text, void *) {
    const bool wanted =
        level == GGML_LOG_LEVEL_ERROR || level == GGML_LOG_LEVEL_WARN || (level == GGML_LOG_LEVEL_CONT && log_continues);
    log_continues = wanted;
    if (wanted && text && log_text.size() + std::strlen(text) < log_limit) log_text += text;
}
} // namespace

void roost_engine_start(void) noexcept {
    static std::once_flag once;
    std::call_once(once, [] {
        llama_log_set(take_log, nullptr);
        llama_backend_init();
    });
}

const char * roost_engine_build(void) noexcept {
    try {
        static const std::string build =
            std::string(llama_commit()) + " " + llama_compiler() + " " + llama_build_target();
        return build.c_str();
    } catch (...) {
        return "";
    }
}

char * roost_log_take(void) noexcept {
    if (log_text.empty()) return nullptr;
    char * copy = roost_copy(log_text);
    log_text.clear();
    return copy;
}

void roost_log_add(const char * text) noexcept {
    try {
        if (text && log_text.size() + std::strlen(text) < log_limit) log_text.append(text).append("\n");
    } catch (...) {
    }
}

void roost_free(void * pointer) noexcept { std::free(pointer); }

int64_t roost_tokenize(
    const llama_vocab * vocab, const char * text, size_t length, bool add_special, bool parse_special,
    llama_token ** tokens) noexcept {
    try {
        *tokens = nullptr;
        if (length > static_cast<size_t>(INT32_MAX) - 16) return -1;
        // No vocabulary needs more tokens than bytes; the specials come on top.
        int32_t capacity = static_cast<int32_t>(length) + 16;
        auto * buffer = static_cast<llama_token *>(std::malloc(sizeof(llama_token) * capacity));
        if (!buffer) return -1;
        int32_t count = llama_tokenize(
            vocab, text, static_cast<int32_t>(length), buffer, capacity, add_special, parse_special);
        if (count < 0 && count != INT32_MIN) {
            capacity = -count;
            auto * larger = static_cast<llama_token *>(std::realloc(buffer, sizeof(llama_token) * capacity));
            if (!larger) {
                std::free(buffer);
                return -1;
            }
            buffer = larger;
            count = llama_tokenize(
                vocab, text, static_cast<int32_t>(length), buffer, capacity, add_special, parse_special);
        }
        if (count < 0) {
            std::free(buffer);
            return -1;
        }
        *tokens = buffer;
        return count;
    } catch (...) {
        return -1;
    }
}

int64_t roost_detokenize(
    const llama_vocab * vocab, const llama_token * tokens, size_t count, bool remove_special, bool unparse_special,
    char ** text) noexcept {
    try {
        *text = nullptr;
        if (count > static_cast<size_t>(INT32_MAX) / 16) return -1;
        std::string buffer(count * 8 + 16, '\0');
        for (int attempt = 0; attempt < 2; attempt++) {
            const int32_t length = llama_detokenize(
                vocab, tokens, static_cast<int32_t>(count), &buffer[0], static_cast<int32_t>(buffer.size()),
                remove_special, unparse_special);
            if (length >= 0) {
                buffer.resize(length);
                *text = roost_copy(buffer);
                return *text ? length : -1;
            }
            if (length == INT32_MIN) return -1;
            buffer.assign(static_cast<size_t>(-static_cast<int64_t>(length)), '\0');
        }
    } catch (...) {
    }
    return -1;
}
