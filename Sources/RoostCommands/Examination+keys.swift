import Foundation
import Roost
import Security

/// What `roost doctor` finds out about who may use the server.
extension Examination {
    static func keys(_ configuration: RoostConfiguration) -> Finding {
        let subject = "keys"
        let file = AccessKeyFile(home: configuration.homeDirectory)
        do {
            guard let keys = try file.keys() else {
                return Finding(subject: subject, state: .good, message: "None: the server asks for no key.")
            }
            if configuration.requiresKeys == false {
                return Finding(
                    subject: subject, state: .notice, message: "There are keys, but require_keys is false.",
                    remedy: "Leave require_keys out of the settings to have the server ask for them.")
            }
            let expired = keys.filter { $0.isExpired(at: Date()) }
            guard expired.isEmpty else {
                return Finding(
                    subject: subject, state: .notice,
                    message: "\(keys.count), of which \(expired.count) have expired.",
                    remedy: "Remove those: roost keys revoke \(expired.map(\.name).joined(separator: " "))")
            }
            return Finding(subject: subject, state: .good, message: "\(keys.count); the server asks for one.")
        } catch {
            return Finding(
                subject: subject, state: .problem, message: "\(error)", remedy: "The server answers nobody until then.")
        }
    }
}
