import ModelFormats

extension TinyModel {
    /// A template with tools and thinking, in the words that models of the Hermes and Qwen 3 kind were trained on.
    public static let toolTemplate = """
        {%- if tools -%}
        {{- '<|im_start|>system\\nTools, one a line:\\n<tools>\\n' -}}
        {%- for tool in tools -%}{{- tool | tojson + '\\n' -}}{%- endfor -%}
        {{- '</tools>\\nA call is <tool_call>\\n{"name": NAME, "arguments": OBJECT}\\n</tool_call><|im_end|>\\n' -}}
        {%- endif -%}
        {%- for message in messages -%}
        {%- if message.role == 'tool' -%}
        {{- '<|im_start|>user\\n<tool_response>\\n' + message.content + '\\n</tool_response><|im_end|>\\n' -}}
        {%- elif message.role == 'assistant' -%}
        {{- '<|im_start|>assistant\\n' -}}
        {%- if message.reasoning_content -%}{{- '<think>\\n' + message.reasoning_content + '\\n</think>\\n\\n' -}}{%- endif -%}
        {%- if message.content -%}{{- message.content -}}{%- endif -%}
        {%- for call in message.tool_calls or [] -%}
        {%- if message.content or not loop.first -%}{{- '\\n' -}}{%- endif -%}
        {{- '<tool_call>\\n{"name": "' + call.function.name + '", "arguments": ' -}}
        {{- call.function.arguments if call.function.arguments is string else call.function.arguments | tojson -}}
        {{- '}\\n</tool_call>' -}}
        {%- endfor -%}
        {{- '<|im_end|>\\n' -}}
        {%- else -%}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' -}}
        {%- endif -%}
        {%- endfor -%}
        {%- if add_generation_prompt -%}
        {{- '<|im_start|>assistant\\n' -}}
        {%- if enable_thinking is defined and enable_thinking is false -%}{{- '<think>\\n\\n</think>\\n\\n' -}}{%- endif -%}
        {%- endif -%}
        """

    /// A model that answers a prompt of `count` tokens with `text`, and ends. Letters are tokens of their own, so that
    /// a prompt is brought to that length by a `~` for each token that is missing.
    ///
    /// - Parameter text: At most 511 bytes of UTF-8.
    public static func saying(_ text: String, afterPromptOf count: Int, chatTemplate: String) -> TinyModel {
        // The vocabulary begins with the 256 bytes, in their order.
        let letters = text.utf8.map { Int32($0) }
        let end: Int32
        if case .uint32(let token)? = qwen2()["tokenizer.ggml.eos_token_id"] { end = Int32(token) } else { end = 0 }
        // Behind the answer its tool's result, and what is asked about it.
        return reciting(letters + [end], from: count, room: 512, chatTemplate: chatTemplate)
    }
}
