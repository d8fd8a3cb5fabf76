import Foundation
import Roost

extension OpenAIModelList.Model {
    /// A model of the store, or one that an engine beside this Roost has and owns.
    init(_ model: ServedModel) {
        switch model {
        case .stored(let record): self.init(record)
        case .remote(let offer): self.init(offer)
        }
    }

    private init(_ offer: OfferedModel) {
        id = offer.name
        created = Int(offer.facts.modifiedAt?.timeIntervalSince1970 ?? 0)
        ownedBy = offer.engine
    }
}
