#include <chat.h>

#include <memory>
#include <random>

#include "LlamaBridge.h"
#include "Support.h"

namespace {
struct parser_rules {
    common_chat_parser_params params;
    bool continues = false;
};

// As long as llama-server's ids; nothing secret, only never the same twice.
std::string new_call_id() {
    static constexpr char characters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    thread_local std::mt19937_64 random{std::random_device{}()};
    std::uniform_int_distribution<size_t> place(0, sizeof(characters) - 2);
    std::string id(32, '0');
    for (char & character : id) character = characters[place(random)];
    return id;
}
} // namespace

struct roost_parser {
    std::shared_ptr<const parser_rules> rules;
    common_chat_msg message;
    std::vector<std::string> ids;
    // Names that were given out: a name comes whole or not at all, as clients take the first one for it.
    std::vector<bool> named;

    explicit roost_parser(std::shared_ptr<const parser_rules> shared) : rules(std::move(shared)) {
        // A message that is gone on with was said before: only what is added to it is new.
        if (rules->continues) message = common_chat_parse("", true, rules->params);
    }
};

roost_parser * roost_parser_create(const char * text, char ** error) noexcept {
    try {
        const common_json json = common_json::parse(text);
        auto rules = std::make_shared<parser_rules>();
        const int format = json.at("format").get<int>();
        if (format < 0 || format >= COMMON_CHAT_FORMAT_COUNT) throw std::invalid_argument("unknown format");
        rules->params.format = static_cast<common_chat_format>(format);
        rules->params.reasoning_format = json.value("separate_reasoning", true) ? COMMON_REASONING_FORMAT_DEEPSEEK
                                                                                : COMMON_REASONING_FORMAT_NONE;
        rules->params.generation_prompt = json.value("generation_prompt", "");
        rules->params.parse_tool_calls = json.value("parse_tool_calls", true);
        rules->params.is_continuation = rules->continues = json.value("continues", false);
        const std::string arena = json.value("parser", "");
        if (!arena.empty()) rules->params.parser.load(arena);
        return new roost_parser(std::move(rules));
    } catch (const std::exception & exception) {
        roost_set_error(error, exception.what());
    } catch (...) {
        roost_set_error(error, "unknown error");
    }
    return nullptr;
}

roost_parser * roost_parser_fresh(const roost_parser * parser, char ** error) noexcept {
    try {
        return new roost_parser(parser->rules);
    } catch (const std::exception & exception) {
        roost_set_error(error, exception.what());
    } catch (...) {
        roost_set_error(error, "unknown error");
    }
    return nullptr;
}

void roost_parser_free(roost_parser * parser) noexcept { delete parser; }

namespace {
// What `now` says more than `before`; nothing when it does not go on from it.
std::string growth(const std::string & before, const std::string & now) {
    return now.size() > before.size() && now.compare(0, before.size(), before) == 0 ? now.substr(before.size()) : "";
}

common_json call_delta(size_t index, const common_chat_tool_call & call, bool with_name, const std::string & arguments) {
    common_json item = common_json::object();
    item["index"] = index;
    if (with_name) {
        item["id"] = call.id;
        item["name"] = call.name;
    }
    item["arguments"] = arguments;
    return item;
}

// Tool calls as deltas: the name and the id once, when the name is certain (arguments have begun, another call has, or
// the answer has ended), then the arguments as they grow.
common_json call_deltas(roost_parser & parser, const common_chat_msg & before, bool is_partial) {
    const auto & calls = parser.message.tool_calls;
    common_json deltas = common_json::array();
    parser.named.resize(std::max(parser.named.size(), calls.size()), false);
    for (size_t i = 0; i < calls.size(); i++) {
        const bool is_certain = !is_partial || i + 1 < calls.size() || !calls[i].arguments.empty();
        if (!is_certain || calls[i].name.empty()) continue;
        if (!parser.named[i]) {
            parser.named[i] = true;
            deltas.push_back(call_delta(i, calls[i], true, calls[i].arguments));
            continue;
        }
        const std::string more =
            growth(i < before.tool_calls.size() ? before.tool_calls[i].arguments : "", calls[i].arguments);
        if (!more.empty()) deltas.push_back(call_delta(i, calls[i], false, more));
    }
    return deltas;
}

// Whether what was given out already still holds.
bool goes_on(const common_chat_msg & before, const common_chat_msg & now, const std::vector<bool> & named) {
    const auto begins = [](const std::string & text, const std::string & beginning) {
        return text.compare(0, beginning.size(), beginning) == 0;
    };
    if (!begins(now.content, before.content) || !begins(now.reasoning_content, before.reasoning_content)) return false;
    if (now.tool_calls.size() < before.tool_calls.size()) return false;
    for (size_t i = 0; i < before.tool_calls.size(); i++) {
        if (i >= named.size() || !named[i]) continue;
        if (now.tool_calls[i].name != before.tool_calls[i].name) return false;
        if (!begins(now.tool_calls[i].arguments, before.tool_calls[i].arguments)) return false;
    }
    return true;
}
} // namespace

char * roost_parser_read(
    roost_parser * parser, const char * text, size_t length, bool is_partial, char ** error) noexcept {
    try {
        common_chat_msg now;
        try {
            now = common_chat_parse(std::string(text, length), is_partial, parser->rules->params);
        } catch (const std::exception &) {
            return nullptr;
        }
        // A reading may shrink for a moment, where a mark has begun that another character makes text again.
        if (now.empty() || !goes_on(parser->message, now, parser->named)) return nullptr;
        now.set_tool_call_ids(parser->ids, new_call_id);
        const common_chat_msg before = std::move(parser->message);
        parser->message = std::move(now);
        common_json delta = common_json::object();
        const std::string content = growth(before.content, parser->message.content);
        const std::string reasoning = growth(before.reasoning_content, parser->message.reasoning_content);
        if (!content.empty()) delta["content"] = content;
        if (!reasoning.empty()) delta["reasoning"] = reasoning;
        const common_json calls = call_deltas(*parser, before, is_partial);
        if (!calls.empty()) delta["tool_calls"] = calls;
        return roost_copy(delta.dump_safe());
    } catch (const std::exception & exception) {
        roost_set_error(error, exception.what());
    } catch (...) {
        roost_set_error(error, "unknown error");
    }
    return nullptr;
}
