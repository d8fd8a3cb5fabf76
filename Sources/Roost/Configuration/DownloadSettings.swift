public import Downloads
import Foundation
import ModelHubs
import Sizes

/// How models are downloaded.
public struct DownloadSettings: Sendable, Hashable {
    /// Downloads that run at a time, of all processes on the same home directory; 1 or more.
    public var maximumConcurrentDownloads = 2
    /// Bytes per second of all downloads together; `nil` is no limit.
    public var bandwidthLimit: Int64?
    /// The setting that forbids the network, such as `ROOST_OFFLINE`; `nil` when it is allowed.
    public var offlineSetting: String?
    /// Files of certificates (PEM) that are trusted beside the system's.
    public var certificateFiles: [String] = []
    /// How the network is reached.
    public var proxy = ProxySettings()
    /// Whether a server goes on with interrupted downloads when it starts.
    public var resumesAutomatically = true

    /// The defaults.
    public init() {}
}

extension DownloadSettings {
    /// Reads `ROOST_MAX_CONCURRENT_DOWNLOADS`, `ROOST_LIMIT_RATE` (`10M`), `ROOST_OFFLINE` (or `HF_HUB_OFFLINE`),
    /// `ROOST_CA_FILE` and `SSL_CERT_FILE`, `ROOST_AUTO_RESUME`, and the usual proxy variables.
    ///
    /// - Throws: `RoostError.invalidSetting`. A proxy address that cannot be read is an error of each download.
    static func fromEnvironment(_ environment: [String: String]) throws -> DownloadSettings {
        let value = { (name: String) in environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        var settings = DownloadSettings()
        if let text = value("ROOST_MAX_CONCURRENT_DOWNLOADS") {
            guard let count = Int(text), (1...64).contains(count) else {
                throw RoostError.invalidSetting(
                    name: "ROOST_MAX_CONCURRENT_DOWNLOADS", value: text, rule: "a number of downloads, 1 to 64")
            }
            settings.maximumConcurrentDownloads = count
        }
        if let text = value("ROOST_LIMIT_RATE") {
            guard let rate = ByteRate(text) else {
                throw RoostError.invalidSetting(name: "ROOST_LIMIT_RATE", value: text, rule: ByteRate.rule)
            }
            settings.bandwidthLimit = rate.bytesPerSecond
        }
        settings.offlineSetting = try ["ROOST_OFFLINE", "HF_HUB_OFFLINE"].first {
            try isOn(value($0), name: $0) ?? false
        }
        settings.certificateFiles = ["ROOST_CA_FILE", "SSL_CERT_FILE"].compactMap(value)
        settings.proxy = ProxySettings.fromEnvironment(environment)
        settings.resumesAutomatically = try isOn(value("ROOST_AUTO_RESUME"), name: "ROOST_AUTO_RESUME") ?? true
        return settings
    }

    static func isOn(_ text: String?, name: String) throws -> Bool? {
        switch text?.lowercased() {
        case nil: nil
        case "1", "true", "yes", "on": true
        case "0", "false", "no", "off": false
        default: throw RoostError.invalidSetting(name: name, value: text ?? "", rule: "1 or 0")
        }
    }
}

/// A rate in bytes per second as people write it: `500k`, `10M`, `1.5MB`, `20MiB`; `0` and `none` are no limit.
public struct ByteRate: Sendable, Hashable {
    /// Bytes per second; `nil` is no limit.
    public let bytesPerSecond: Int64?

    static let rule = "bytes per second such as 500k, 10M or 20MiB, or 0 for no limit"

    /// Reads a rate; `nil` when it is none. `k`, `M`, `G`, `T` are powers of 1000, `Ki` … of 1024; a `B` and `/s`
    /// may follow.
    public init?(_ text: String) {
        let text = text.lowercased()
        if text == "none" {
            bytesPerSecond = nil
            return
        }
        guard let rate = SizeText.byteCount(in: text.hasSuffix("/s") ? String(text.dropLast(2)) : text), rate < 1e15
        else { return nil }
        let count = Int64(rate.rounded())
        guard count > 0 || rate == 0 else { return nil }
        bytesPerSecond = count > 0 ? count : nil
    }
}

extension RoostConfiguration {
    var userAgent: String { "roost/\(RoostVersion.number)" }

    var downloaderConfiguration: DownloaderConfiguration {
        var configuration = DownloaderConfiguration()
        configuration.maximumConcurrentDownloads = downloads.maximumConcurrentDownloads
        configuration.bandwidthLimit = downloads.bandwidthLimit
        configuration.isOffline = downloads.offlineSetting != nil
        configuration.additionalCertificates = downloads.certificateFiles
        configuration.proxy = downloads.proxy
        configuration.userAgent = userAgent
        return configuration
    }
}
