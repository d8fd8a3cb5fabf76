import Roost

extension APIError {
    /// What an error of the kept conversations means to a client.
    init(_ error: ChatHistoryError) {
        switch error {
        case .notFound(let id):
            self = .notFound(
                "There is no kept conversation “\(id.prefix(80))”; GET /roost/v1/conversations lists yours.",
                parameter: "id", code: "conversation_not_found")
        case .changed: self = .conflict(error.description)
        case .invalidValue(let name, _, _):
            self = .invalidRequest(error.description, parameter: Self.historyFields[name] ?? name)
        case .tooLarge, .invalidExport, .ambiguous: self = .invalidRequest(error.description)
        case .busy: self = .unavailable(error.description)
        case .database, .newerDatabase, .foreignDatabase, .io: self = .failure(error.description)
        }
    }

    /// The fields of requests by what sentences call them.
    private static let historyFields = ["The title": "title", "The search text": "q"]
}
