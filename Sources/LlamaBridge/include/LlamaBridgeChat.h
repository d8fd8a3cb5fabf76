#pragma once
// Conversations: chat templates, what answers to them must obey, and how answers are read. All of it is llama.cpp's
// common code (chat.h, peg-parser.h, json-schema-to-grammar.h) behind values: JSON goes in and comes out, errors are
// text, no exception crosses. Depth and size of what comes from outside are checked on the Swift side: this code and
// the code below it recurse.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct llama_model;
struct llama_vocab;
struct llama_sampler;

// MARK: Templates

struct roost_chat;
// The model's templates, or `own` in their place; NULL and a message in `error` when they do not parse.
struct roost_chat * roost_chat_create(const struct llama_model * model, const char * own, char ** error) ROOST_NOEXCEPT;
void roost_chat_free(struct roost_chat * chat) ROOST_NOEXCEPT;
// False when the model brings no template (the engine then falls back to one that the model never saw).
bool roost_chat_is_explicit(const struct roost_chat * chat) ROOST_NOEXCEPT;
// `request`: {"messages": […], "tools": […], "tool_choice": "auto"|"none"|"required", "function": "…",
// "parallel_tool_calls": b, "json_schema": "…", "enable_thinking": b, "separate_reasoning": b,
// "add_generation_prompt": b, "continue_final_message": b, "template_arguments": {"name": "JSON text"}}; messages in
// OpenAI's form (a picture is a part of type "media_marker"), tools as {"name", "description", "parameters": "JSON
// text"}. All but the messages may be missing.
// "function" takes the place of the tool choice: the model must call it.
// Returns {"prompt", "generation_prompt", "grammar", "grammar_lazy", "triggers": [{"type", "value"}],
// "preserved_tokens", "stops", "thinking_start", "thinking_ends", "delimiters": [{"role", "delimiter"}],
// "parser": {…, for roost_parser_create}}.
char * roost_chat_apply(const struct roost_chat * chat, const char * request, char ** error) ROOST_NOEXCEPT;

// MARK: Answers

struct roost_parser;
// `rules`: the "parser" of roost_chat_apply.
struct roost_parser * roost_parser_create(const char * rules, char ** error) ROOST_NOEXCEPT;
// One with the same rules, for another answer.
struct roost_parser * roost_parser_fresh(const struct roost_parser * parser, char ** error) ROOST_NOEXCEPT;
void roost_parser_free(struct roost_parser * parser) ROOST_NOEXCEPT;
// Reads `text`, the whole answer so far. Returns what is new since the last call: {"content", "reasoning",
// "tool_calls": [{"index", "id", "name", "arguments"}]}, what is empty left out; NULL with no error when the answer
// does not (or does no longer) read as the template's; the last good reading stands then.
char * roost_parser_read(
    struct roost_parser * parser, const char * text, size_t length, bool is_partial, char ** error) ROOST_NOEXCEPT;

// MARK: Grammars

// The schema so that its grammar holds all of it: patterns are written in the converter's dialect, ranges of numbers have
// rules of their own; what a grammar cannot hold is an error. In `additions` lines of constant, name and rule, with tabs
// between: where the grammar has the literal of the constant, the rule of that name belongs.
char * roost_schema_prepare(const char * schema, char ** additions, char ** error) ROOST_NOEXCEPT;
// Whether the engine takes it as the schema of a tool's arguments.
bool roost_schema_check(const char * schema, char ** error) ROOST_NOEXCEPT;
// GBNF of a JSON schema.
char * roost_schema_grammar(const char * schema, char ** error) ROOST_NOEXCEPT;

enum roost_trigger_kind {
    ROOST_TRIGGER_TOKEN = 0,
    ROOST_TRIGGER_WORD = 1,
    ROOST_TRIGGER_PATTERN = 2,
    ROOST_TRIGGER_PATTERN_FULL = 3,
};

struct roost_trigger {
    int32_t kind;
    int32_t token;
    const char * text; // NULL for a token
};

struct roost_grammar {
    const char * text; // GBNF with a rule named root
    bool lazy;         // waits for a trigger
    const struct roost_trigger * triggers;
    size_t trigger_count;
    const char * generation_prompt; // taken note of before the first token; "" when there is none
    // What the model thinks sets nothing off: the tags around it, "" and none when there are none.
    const char * thinking_start;
    const char * const * thinking_ends;
    size_t thinking_end_count;
};

// Lets only such tokens through as the grammar allows. NULL and a message in `error` when it does not parse. `accept`
// throws when the grammar has become so ambiguous that one token took seconds. roost_sampler_create takes it over.
struct llama_sampler * roost_grammar_create(
    const struct llama_vocab * vocab, const struct roost_grammar * grammar, char ** error) ROOST_NOEXCEPT;
// For one that was not taken over.
void roost_grammar_free(struct llama_sampler * sampler) ROOST_NOEXCEPT;

#ifdef __cplusplus
}
#endif
