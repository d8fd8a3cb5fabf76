import Foundation
import Roost
import Terminal

/// A model as a row of `roost list`.
struct ListedModel: ListedItem, Encodable {
    let record: ModelRecord
    let now: Date

    static let columns: [Table.Column] = [
        .left("NAME", isFlexible: true), .left("ID"), .right("SIZE"), .left("QUANT"), .right("CONTEXT"),
        .left("MODIFIED"), .left("ACTIVE"),
    ]

    var name: String { record.name.description }

    var cells: [String] {
        [
            name, record.digest.short, HumanReadable.bytes(record.totalByteCount), record.quantization,
            record.contextLength.map { "\($0)" } ?? "-", HumanReadable.relative(record.modifiedAt, to: now),
            record.isActive ? "yes" : "",
        ]
    }

    func encode(to encoder: any Encoder) throws { try record.encode(to: encoder) }
}
