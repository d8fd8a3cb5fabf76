#pragma once
// Pictures as parts of a prompt, through libmtmd. Included by LlamaBridge.h.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct llama_context;
struct llama_model;

// MARK: The projector

// The vision encoder and what fits its vectors to a model. It needs the model to outlive it.
struct roost_projector;

struct roost_projector_settings {
    const char * marker;     // what stands for a picture in a prompt
    int32_t thread_count;
    bool uses_gpu;
    int32_t flash_attention; // a llama_flash_attn_type
};

// Loads a projector (mmproj). NULL and a message in `error` when it cannot be read, does not fit the model or does not
// see. A path is needed: /proc/self/fd/N is one.
struct roost_projector * roost_projector_create(
    const char * path, const struct llama_model * model, const struct roost_projector_settings * settings,
    char ** error) ROOST_NOEXCEPT;
void roost_projector_free(struct roost_projector * projector) ROOST_NOEXCEPT;
// Whether a picture's tokens see each other in both directions: it has to fit in one micro-batch then.
bool roost_projector_is_bidirectional(const struct roost_projector * projector) ROOST_NOEXCEPT;

// MARK: Prompts with pictures

struct roost_picture_limits {
    size_t byte_count;     // of one file
    int32_t side;          // pixels
    int64_t pixel_count;   // of one picture
    int64_t total_pixels;  // of all pictures of a prompt
};

enum roost_media_status {
    ROOST_MEDIA_OK = 0,
    ROOST_MEDIA_UNREADABLE = 1, // a picture is at fault
    ROOST_MEDIA_MARKERS = 2,    // the prompt has not as many markers as there are pictures
    ROOST_MEDIA_FAILED = 3,
};

// A prompt cut into runs of tokens and pictures.
struct roost_media_prompt;
// A picture, ready for the encoder.
struct roost_media_chunk;

// The pictures' files stand in `pictures`, one behind the other. Their headers are read first, and only what is within
// the limits is decoded. Any thread, several at once.
enum roost_media_status roost_media_prompt_create(
    const struct roost_projector * projector, const char * text, size_t length, bool add_special,
    const uint8_t * pictures, const size_t * picture_lengths, size_t picture_count,
    const struct roost_picture_limits * limits, struct roost_media_prompt ** prompt, char ** error) ROOST_NOEXCEPT;
void roost_media_prompt_free(struct roost_media_prompt * prompt) ROOST_NOEXCEPT;
size_t roost_media_prompt_count(const struct roost_media_prompt * prompt) ROOST_NOEXCEPT;
// The tokens of piece `index`, which live as long as the prompt; NULL when it is a picture.
const int32_t * roost_media_prompt_tokens(
    const struct roost_media_prompt * prompt, size_t index, size_t * count) ROOST_NOEXCEPT;
// A picture of its own, which outlives the prompt; NULL when piece `index` is text or memory ran out.
struct roost_media_chunk * roost_media_prompt_chunk(
    const struct roost_media_prompt * prompt, size_t index) ROOST_NOEXCEPT;

void roost_media_chunk_free(struct roost_media_chunk * chunk) ROOST_NOEXCEPT;
// Tokens, each of which takes a cell in the KV cache.
int32_t roost_media_chunk_cell_count(const struct roost_media_chunk * chunk) ROOST_NOEXCEPT;
// Positions: as many as cells, fewer for models that place pictures in two dimensions (M-RoPE).
int32_t roost_media_chunk_position_count(const struct roost_media_chunk * chunk) ROOST_NOEXCEPT;
// SHA-256 of the file in hexadecimal, and which part of the picture it is.
const char * roost_media_chunk_identity(const struct roost_media_chunk * chunk) ROOST_NOEXCEPT;

// Encodes the picture and computes its tokens in `sequence`, from `position` on, `batch_size` at once. Returns
// llama_decode's codes, 1000 when the picture does not fit in one micro-batch and must, 1001 when the encoder failed,
// −100 for an exception. Not from several threads at once.
int32_t roost_media_decode(
    struct roost_projector * projector, struct llama_context * ctx, const struct roost_media_chunk * chunk,
    int32_t sequence, int32_t position, int32_t batch_size) ROOST_NOEXCEPT;

#ifdef __cplusplus
}
#endif
