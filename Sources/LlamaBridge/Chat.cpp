#include <chat.h>

#include "LlamaBridge.h"
#include "Support.h"

struct roost_chat {
    common_chat_templates_ptr templates;
};

roost_chat * roost_chat_create(const llama_model * model, const char * own, char ** error) noexcept {
    try {
        return new roost_chat{common_chat_templates_init(model, own)};
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

char * roost_chat_apply(const roost_chat * chat, const char * messages, char ** error) noexcept {
    try {
        common_chat_templates_inputs inputs;
        inputs.messages = common_chat_msgs_parse_oaicompat(common_json::parse(messages));
        inputs.add_generation_prompt = true;
        const common_chat_params params = common_chat_templates_apply(chat->templates.get(), inputs);
        common_json result = common_json::object();
        result["prompt"] = params.prompt;
        result["stops"] = params.additional_stops;
        return roost_copy(result.dump_safe());
    } catch (const std::exception & exception) {
        roost_set_error(error, exception.what());
    } catch (...) {
        roost_set_error(error, "unknown error");
    }
    return nullptr;
}
