import Roost

extension Schema {
    private static let title = Schema.text(1...HistoryLimits.titleLength, "What it is about.")
    private static let modelName = Schema.text(0...500, "The model that answered last.")

    private static let savedToolCall = Schema.object(
        [
            .optional("id", .string("Tells calls apart; a result names it.")),
            .optional("type", .choice(["function"])),
            .required(
                "function",
                .object([
                    .required("name", .string("The function.")),
                    .required("arguments", .string("Its arguments as JSON text.")),
                ])),
        ], "A call of a function by the model.")

    static let savedMessage = Schema.component(
        "SavedMessage", "A message of a kept conversation.",
        [
            .required("role", .choice(of: SavedMessage.Role.self, "Who speaks.")),
            .wish("content", .string("What is said.")),
            .wish("reasoning", .string("What the model thought before it.")),
            .wish("tool_calls", .list(savedToolCall)),
            .wish("tool_call_id", .string("The call that a message of role `tool` answers.")),
            .wish("name", .string("The function whose result this is.")),
            .wish("images", .list(.string("A picture's file in base64."))),
            .wish("model", .text(0...500, "The model that said it.")),
            .wish("created_at", .date("When it was said.")),
            .wish("interrupted", .boolean("Whether the answer was ended before the model had ended it.")),
        ])

    private static let found = Schema.object(
        [
            .required(
                "position",
                .count("The first message with all the words, from 0; `null` where the title has them.").orNull),
            .required(
                "snippet",
                .list(
                    .object([
                        .required("text", .string()), .required("match", .boolean("Whether it was looked for.")),
                    ]), "Text around the words.")),
        ], "Where the words of `q` are.")

    private static let conversationFacts: [Field] = [
        .required("id", .string("Names it for good.")),
        .required("title", .string("What it is about.")),
        .required("model", .string("The model that answered last.")),
        .required("created_at", .date("When it began.")),
        .required("updated_at", .date("When the last message was added.")),
        .required("message_count", .count("Its messages.")),
    ]

    static let conversation = Schema.component(
        "Conversation", "A kept conversation.",
        conversationFacts + [
            .optional("found", found), .optional("messages", .list(.savedMessage)),
            .optional("next_from", .count("Where the next messages begin, when there are more.")),
        ])

    static let conversationPage = Schema.component(
        "ConversationPage", "Some kept conversations.",
        [
            .required("conversations", .list(.conversation)),
            .required("next_cursor", .string("Gets the next page; `null` when there is none.").orNull),
        ])

    static let conversationDeletion = Schema.object([.required("id", .string()), .required("deleted", .boolean())])

    private static let documentFacts: [Field] = [
        .wish("title", title), .wish("model", modelName), .wish("id", .string("Its id where it was exported.")),
        .wish("created_at", .date("When it began.")), .wish("updated_at", .date("When the last message was added.")),
    ]

    static let conversationBody = Schema.component(
        "NewConversation", "A conversation to keep, or one that was exported.",
        [
            .optional("format", .choice([ConversationDocument.format], "What an exported one says.")),
            .optional("version", .integer(1...Int64(ConversationDocument.version))),
            .wish("messages", .list(.savedMessage)),
        ] + documentFacts)

    static let conversationDocument = Schema.component(
        "ConversationDocument", "An exported conversation.",
        [
            .required("format", .choice([ConversationDocument.format])),
            .required("version", .integer(1...Int64(ConversationDocument.version))),
            .required("messages", .list(.savedMessage)),
        ] + documentFacts)

    static let conversationRename = Schema.object([.required("title", title)])

    static let conversationAddition = Schema.object([
        .required("messages", .list(.savedMessage, count: 1...10_000)),
        .wish(
            "after",
            .integer(0...1_000_000, "How many messages it has, as you know it; with another number nothing is added.")),
        .wish("model", modelName),
    ])
}
