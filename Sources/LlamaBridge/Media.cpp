#include <hash/hash.h>
#include <llama.h>
#include <mtmd-helper.h>
#include <mtmd.h>
#include <stb/stb_image.h>

#include <algorithm>
#include <climits>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "LlamaBridge.h"
#include "Support.h"

struct roost_projector {
    mtmd::context_ptr context;
};

struct roost_media_prompt {
    mtmd::input_chunks chunks;
    // For each chunk of `chunks` its identity; empty for text.
    std::vector<std::string> identities;
};

struct roost_media_chunk {
    mtmd::input_chunk_ptr chunk;
    std::string identity;
};

namespace {
// mtmd logs where the engine does.
void join_log() {
    static std::once_flag once;
    std::call_once(once, [] {
        ggml_log_callback callback = nullptr;
        void * data = nullptr;
        llama_log_get(&callback, &data);
        mtmd_helper_log_set(callback, data);
    });
}

struct Refused {
    roost_media_status status;
    std::string reason;
};

// The formats that stb_image reads are more than those that anybody sends; the rest stays out of reach.
bool is_known_format(const uint8_t * bytes, size_t length) {
    const auto begins = [&](const char * magic, size_t count) {
        return length >= count && std::memcmp(bytes, magic, count) == 0;
    };
    return begins("\xff\xd8\xff", 3) || begins("\x89PNG\r\n\x1a\n", 8) || begins("GIF8", 4) || begins("BM", 2);
}

// Checks what the header says and adds the picture's pixels to `total`.
void check(const uint8_t * bytes, size_t length, const roost_picture_limits & limits, int64_t & total) {
    const auto refuse = [](const std::string & reason) { throw Refused{ROOST_MEDIA_UNREADABLE, reason}; };
    if (length == 0) refuse("it is empty");
    if (length > limits.byte_count || length > INT_MAX)
        refuse("it has " + std::to_string(length) + " bytes, and at most " + std::to_string(limits.byte_count) +
               " are accepted");
    if (!is_known_format(bytes, length)) refuse("its format is unknown");
    int width = 0, height = 0, channels = 0;
    if (!stbi_info_from_memory(bytes, static_cast<int>(length), &width, &height, &channels)) {
        const char * reason = stbi_failure_reason();
        refuse(std::string("its header is broken") + (reason ? " (" + std::string(reason) + ")" : ""));
    }
    const std::string size = std::to_string(width) + " × " + std::to_string(height) + " pixels";
    if (width < 1 || height < 1) refuse("it has " + size);
    if (width > limits.side || height > limits.side)
        refuse("it has " + size + ", and at most " + std::to_string(limits.side) + " a side are accepted");
    const int64_t pixels = static_cast<int64_t>(width) * height;
    if (pixels > limits.pixel_count)
        refuse("it has " + size + ", and at most " + std::to_string(limits.pixel_count) + " in all are accepted");
    total += pixels;
    if (total > limits.total_pixels)
        refuse("the pictures of a prompt may have " + std::to_string(limits.total_pixels) + " pixels together");
}

mtmd::bitmap read(const uint8_t * bytes, size_t length) {
    int width = 0, height = 0, channels = 0;
    std::unique_ptr<stbi_uc, decltype(&stbi_image_free)> pixels(
        stbi_load_from_memory(bytes, static_cast<int>(length), &width, &height, &channels, 3), stbi_image_free);
    if (!pixels) {
        const char * reason = stbi_failure_reason();
        throw Refused{ROOST_MEDIA_UNREADABLE, reason ? reason : "it is broken"};
    }
    return mtmd::bitmap(mtmd_bitmap_init(static_cast<uint32_t>(width), static_cast<uint32_t>(height), pixels.get()));
}
} // namespace

roost_projector * roost_projector_create(
    const char * path, const llama_model * model, const roost_projector_settings * settings, char ** error) noexcept {
    try {
        roost_engine_start();
        join_log();
        mtmd_context_params params = mtmd_context_params_default();
        params.use_gpu = settings->uses_gpu;
        params.print_timings = false;
        params.n_threads = settings->thread_count;
        params.media_marker = settings->marker;
        params.flash_attn_type = static_cast<llama_flash_attn_type>(settings->flash_attention);
        params.warmup = false;
        mtmd::context_ptr context(mtmd_init_from_file(path, model, params));
        if (!context) return nullptr;
        if (!mtmd_support_vision(context.get())) {
            roost_set_error(error, "it hears and does not see");
            return nullptr;
        }
        return new roost_projector{std::move(context)};
    } catch (const std::exception & exception) {
        roost_set_error(error, exception.what());
    } catch (...) {
        roost_set_error(error, "unknown error");
    }
    return nullptr;
}

void roost_projector_free(roost_projector * projector) noexcept { delete projector; }

bool roost_projector_is_bidirectional(const roost_projector * projector) noexcept {
    try {
        return mtmd_decode_use_non_causal(projector->context.get(), nullptr);
    } catch (...) {
        return false;
    }
}

roost_media_status roost_media_prompt_create(
    const roost_projector * projector, const char * text, size_t length, bool add_special,
    const uint8_t * pictures, const size_t * picture_lengths, size_t picture_count,
    const roost_picture_limits * limits, roost_media_prompt ** prompt, char ** error) noexcept {
    try {
        *prompt = nullptr;
        int64_t total = 0;
        std::vector<const uint8_t *> files;
        for (size_t i = 0; i < picture_count; pictures += picture_lengths[i++]) {
            check(pictures, picture_lengths[i], *limits, total);
            files.push_back(pictures);
        }
        mtmd::bitmaps bitmaps;
        std::vector<std::string> digests;
        for (size_t i = 0; i < picture_count; i++) {
            bitmaps.entries.push_back(read(files[i], picture_lengths[i]));
            // A chunk says by this which picture it is of; the digest alone would not tell two equal ones apart.
            bitmaps.entries.back().set_id(std::to_string(i).c_str());
            digests.push_back(hash_sha256_hex(files[i], picture_lengths[i]));
        }
        auto result = std::make_unique<roost_media_prompt>();
        result->chunks.ptr.reset(mtmd_input_chunks_init());
        const mtmd_input_text input = {text, length, add_special, /* parse_special */ true};
        const auto pointers = bitmaps.c_ptr();
        const int32_t code = mtmd_tokenize(
            projector->context.get(), result->chunks.ptr.get(), &input, pointers.data(), pointers.size());
        if (code == 1) return ROOST_MEDIA_MARKERS;
        if (code == 2) throw Refused{ROOST_MEDIA_UNREADABLE, "the model's projector does not take it"};
        if (code != 0) return ROOST_MEDIA_FAILED;

        std::vector<size_t> part_counts(picture_count);
        for (size_t i = 0; i < result->chunks.size(); i++) {
            const mtmd_input_chunk * chunk = result->chunks[i];
            std::string identity;
            if (mtmd_input_chunk_get_type(chunk) != MTMD_INPUT_CHUNK_TYPE_TEXT) {
                const char * id = mtmd_input_chunk_get_id(chunk);
                const size_t picture = id ? std::stoul(id) : picture_count;
                if (picture >= picture_count) return ROOST_MEDIA_FAILED;
                identity = digests[picture] + "/" + std::to_string(part_counts[picture]++);
            }
            result->identities.push_back(std::move(identity));
        }
        *prompt = result.release();
        return ROOST_MEDIA_OK;
    } catch (const Refused & refused) {
        roost_set_error(error, refused.reason);
        return refused.status;
    } catch (const std::exception & exception) {
        roost_set_error(error, exception.what());
    } catch (...) {
        roost_set_error(error, "unknown error");
    }
    return ROOST_MEDIA_FAILED;
}

void roost_media_prompt_free(roost_media_prompt * prompt) noexcept { delete prompt; }

size_t roost_media_prompt_count(const roost_media_prompt * prompt) noexcept { return prompt->identities.size(); }

const int32_t * roost_media_prompt_tokens(
    const roost_media_prompt * prompt, size_t index, size_t * count) noexcept {
    if (!prompt->identities[index].empty()) return nullptr;
    return mtmd_input_chunk_get_tokens_text(prompt->chunks[index], count);
}

roost_media_chunk * roost_media_prompt_chunk(const roost_media_prompt * prompt, size_t index) noexcept {
    try {
        if (prompt->identities[index].empty()) return nullptr;
        auto chunk = std::make_unique<roost_media_chunk>();
        chunk->chunk.reset(mtmd_input_chunk_copy(prompt->chunks[index]));
        chunk->identity = prompt->identities[index];
        return chunk.release();
    } catch (...) {
        return nullptr;
    }
}

void roost_media_chunk_free(roost_media_chunk * chunk) noexcept { delete chunk; }

int32_t roost_media_chunk_cell_count(const roost_media_chunk * chunk) noexcept {
    return static_cast<int32_t>(mtmd_input_chunk_get_n_tokens(chunk->chunk.get()));
}

int32_t roost_media_chunk_position_count(const roost_media_chunk * chunk) noexcept {
    return mtmd_input_chunk_get_n_pos(chunk->chunk.get());
}

const char * roost_media_chunk_identity(const roost_media_chunk * chunk) noexcept { return chunk->identity.c_str(); }

int32_t roost_media_decode(
    roost_projector * projector, llama_context * ctx, const roost_media_chunk * chunk, int32_t sequence,
    int32_t position, int32_t batch_size) noexcept {
    try {
        mtmd_context * context = projector->context.get();
        const mtmd_input_chunk * picture = chunk->chunk.get();
        const int64_t room = std::min<int64_t>(batch_size, llama_n_ubatch(ctx));
        // The engine aborts the process otherwise.
        if (mtmd_decode_use_non_causal(context, picture) && roost_media_chunk_cell_count(chunk) > room) return 1000;
        if (mtmd_encode_chunk(context, picture) != 0) return 1001;
        float * vectors = mtmd_get_output_embd(context);
        if (!vectors) return 1001;
        llama_pos end = position;
        const int32_t code = mtmd_helper_decode_image_chunk(
            context, ctx, picture, vectors, position, sequence, batch_size, &end, nullptr, nullptr);
        if (code == 0) llama_synchronize(ctx);
        return code;
    } catch (...) {
        return -100;
    }
}
