#include <chat.h>

#include "LlamaBridge.h"
#include "Support.h"

struct roost_chat {
    common_chat_templates_ptr templates;
    // llama-server's default: thinking is on where the template knows of it.
    bool thinks = false;
    bool calls_in_parallel = false;
};

roost_chat * roost_chat_create(const llama_model * model, const char * own, char ** error) noexcept {
    try {
        auto chat = std::make_unique<roost_chat>();
        chat->templates = common_chat_templates_init(model, own);
        if (common_chat_templates_was_explicit(chat->templates.get())) {
            try {
                chat->thinks = common_chat_templates_support_enable_thinking(chat->templates.get());
            } catch (const std::exception &) {
                // A template that refuses the shortest conversation says so when it is applied.
            }
            const auto caps = common_chat_templates_get_caps(chat->templates.get());
            const auto parallel = caps.find("supports_parallel_tool_calls");
            chat->calls_in_parallel = parallel != caps.end() && parallel->second;
        }
        return chat.release();
    } catch (const std::exception & exception) {
        roost_set_error(error, exception.what());
    } catch (...) {
        roost_set_error(error, "unknown error");
    }
    return nullptr;
}

void roost_chat_free(roost_chat * chat) noexcept { delete chat; }

bool roost_chat_is_explicit(const roost_chat * chat) noexcept {
    try {
        return common_chat_templates_was_explicit(chat->templates.get());
    } catch (...) {
        return false;
    }
}

namespace {
common_chat_templates_inputs make_inputs(const roost_chat * chat, const common_json & request) {
    common_chat_templates_inputs inputs;
    inputs.messages = common_chat_msgs_parse_oaicompat(request.at("messages"));
    if (request.contains("tools"))
        for (const auto & tool : request.at("tools"))
            inputs.tools.push_back(
                {tool.at("name").get<std::string>(), tool.value("description", ""),
                 tool.at("parameters").get<std::string>()});
    inputs.tool_choice = request.contains("function")
        ? COMMON_CHAT_TOOL_CHOICE_REQUIRED
        : common_chat_tool_choice_parse_oaicompat(request.value("tool_choice", "auto"));
    inputs.parallel_tool_calls = request.value("parallel_tool_calls", true) && chat->calls_in_parallel;
    inputs.json_schema = request.value("json_schema", "");
    inputs.add_generation_prompt = request.value("add_generation_prompt", true);
    if (request.value("continue_final_message", false)) {
        inputs.continue_final_message = COMMON_CHAT_CONTINUATION_AUTO;
        inputs.add_generation_prompt = false;
    }
    inputs.reasoning_format =
        request.value("separate_reasoning", true) ? COMMON_REASONING_FORMAT_DEEPSEEK : COMMON_REASONING_FORMAT_NONE;
    inputs.enable_thinking = request.value("enable_thinking", chat->thinks);
    // llama-server's default: templates that can show earlier thoughts again do so.
    inputs.chat_template_kwargs["preserve_reasoning"] = "true";
    if (request.contains("template_arguments")) {
        for (const auto & [name, value] : request.at("template_arguments").items())
            inputs.chat_template_kwargs[name] = value.get<std::string>();
    }
    return inputs;
}

const char * name_of(common_grammar_trigger_type type) {
    switch (type) {
        case COMMON_GRAMMAR_TRIGGER_TYPE_TOKEN: return "token";
        case COMMON_GRAMMAR_TRIGGER_TYPE_WORD: return "word";
        case COMMON_GRAMMAR_TRIGGER_TYPE_PATTERN: return "pattern";
        case COMMON_GRAMMAR_TRIGGER_TYPE_PATTERN_FULL: return "pattern_full";
    }
    return "word";
}

common_json describe(const common_chat_params & params, const common_chat_templates_inputs & inputs) {
    common_json result = common_json::object();
    result["prompt"] = params.prompt;
    result["generation_prompt"] = params.generation_prompt;
    result["grammar"] = params.grammar;
    result["grammar_lazy"] = params.grammar_lazy;
    common_json triggers = common_json::array();
    for (const auto & trigger : params.grammar_triggers) {
        common_json item = common_json::object();
        item["type"] = name_of(trigger.type);
        item["value"] = trigger.value;
        triggers.push_back(item);
    }
    result["triggers"] = triggers;
    result["preserved_tokens"] = params.preserved_tokens;
    result["stops"] = params.additional_stops;
    // As llama-server: a template without an end of thinking has no thinking to wait for.
    result["thinking_start"] = params.thinking_end_tags.empty() ? "" : params.thinking_start_tag;
    result["thinking_ends"] = params.thinking_end_tags;
    common_json delimiters = common_json::array();
    for (const auto & delimiter : params.message_delimiters.delimiters) {
        common_json item = common_json::object();
        item["role"] = common_chat_role_to_string(delimiter.role);
        item["delimiter"] = delimiter.delimiter;
        delimiters.push_back(item);
    }
    result["delimiters"] = delimiters;
    common_json parser = common_json::object();
    parser["format"] = static_cast<int>(params.format);
    parser["separate_reasoning"] = inputs.reasoning_format != COMMON_REASONING_FORMAT_NONE;
    parser["generation_prompt"] = params.generation_prompt;
    parser["continues"] = inputs.continue_final_message != COMMON_CHAT_CONTINUATION_NONE;
    parser["parse_tool_calls"] = !inputs.tools.empty() && inputs.tool_choice != COMMON_CHAT_TOOL_CHOICE_NONE;
    parser["parser"] = params.parser;
    result["parser"] = parser;
    return result;
}
} // namespace

char * roost_chat_apply(const roost_chat * chat, const char * text, char ** error) noexcept {
    try {
        const common_json request = common_json::parse(text);
        common_chat_templates_inputs inputs = make_inputs(chat, request);
        common_chat_params params = common_chat_templates_apply(chat->templates.get(), inputs);
        if (request.contains("function")) {
            // The prompt shows all tools, so that it begins like that of other turns; the answer may use the one.
            const std::string name = request.at("function").get<std::string>();
            common_chat_templates_inputs narrowed = inputs;
            narrowed.tools.clear();
            for (const auto & tool : inputs.tools)
                if (tool.name == name) narrowed.tools.push_back(tool);
            if (narrowed.tools.empty()) throw std::invalid_argument("no tool is named " + name);
            const std::string prompt = params.prompt;
            params = common_chat_templates_apply(chat->templates.get(), narrowed);
            params.prompt = prompt;
        }
        return roost_copy(describe(params, inputs).dump_safe());
    } catch (const std::exception & exception) {
        roost_set_error(error, exception.what());
    } catch (...) {
        roost_set_error(error, "unknown error");
    }
    return nullptr;
}
