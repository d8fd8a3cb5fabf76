/// What stands behind a proposed token. How often such tokens are right is learned for each of these apart, because a
/// copy that went well for thirty tokens goes on far more often than one that has just begun.
enum DraftStrength: UInt8, Sendable, CaseIterable {
    /// Found near the place where a longer copy broke off: 1 token agrees, or 2 and more.
    case near1, near2
    /// Found elsewhere: as many tokens before it agree.
    case match3, match4, match6, match9, match16, match32
    /// A draft model gave it this probability or a higher one.
    case probable0, probable50, probable70, probable80, probable90, probable95, probable99

    /// Behind a match of `length` tokens; `isNear` when it was found near the last copy.
    init(matchLength length: Int, isNear: Bool) {
        self =
            switch length {
            case ..<2 where isNear: .near1
            case ..<4 where isNear: .near2
            case ..<4: .match3
            case ..<6: .match4
            case ..<9: .match6
            case ..<16: .match9
            case ..<32: .match16
            default: .match32
            }
    }

    /// By a draft model's probability.
    init(probability: Float) {
        self =
            switch probability {
            case 0.99...: .probable99
            case 0.95...: .probable95
            case 0.9...: .probable90
            case 0.8...: .probable80
            case 0.7...: .probable70
            case 0.5...: .probable50
            default: .probable0
            }
    }

    /// How often such a token is right, before anything was measured.
    var expectedAcceptance: Double {
        switch self {
        case .near1: 0.5
        case .near2: 0.75
        case .match3: 0.5
        case .match4: 0.7
        case .match6: 0.8
        case .match9: 0.9
        case .match16: 0.95
        case .match32: 0.98
        case .probable0: 0.3
        case .probable50: 0.55
        case .probable70: 0.7
        case .probable80: 0.8
        case .probable90: 0.88
        case .probable95: 0.94
        case .probable99: 0.98
        }
    }
}
