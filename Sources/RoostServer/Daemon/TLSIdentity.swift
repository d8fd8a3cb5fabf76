import Foundation
import NIOSSL
import Synchronization

/// The certificate that the server shows, and its key, from files that may change while it runs.
final class TLSIdentity: Sendable {
    private let current: Mutex<NIOSSLContext>

    /// Reads the files.
    ///
    /// Throws `RoostServerError.certificate`.
    init(_ files: TLSFiles) throws {
        current = Mutex(try Self.context(of: files))
    }

    /// What connections are made with from now on.
    var context: NIOSSLContext { current.withLock { $0 } }

    /// Reads the files again; what cannot be read leaves all as it is. Open connections keep what they were made with.
    func reload(_ files: TLSFiles) throws {
        let context = try Self.context(of: files)
        current.withLock { $0 = context }
    }

    private static func context(of files: TLSFiles) throws -> NIOSSLContext {
        let chain: [NIOSSLCertificate]
        do {
            chain = try NIOSSLCertificate.fromPEMFile(files.certificate)
        } catch {
            throw RoostServerError.certificate(path: files.certificate, reason: reason(error, files.certificate))
        }
        guard !chain.isEmpty else {
            throw RoostServerError.certificate(path: files.certificate, reason: "it holds no certificate in PEM form")
        }
        let key: NIOSSLPrivateKey
        do {
            key = try NIOSSLPrivateKey(file: files.key, format: .pem)
        } catch {
            throw RoostServerError.certificate(path: files.key, reason: reason(error, files.key))
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw RoostServerError.certificate(
                path: files.key, reason: "it does not belong to the certificate in \(files.certificate)")
        }
    }

    private static func reason(_ error: any Error, _ path: String) -> String {
        guard FileManager.default.fileExists(atPath: path) else { return "there is no such file" }
        guard FileManager.default.isReadableFile(atPath: path) else { return "it may not be read" }
        return "it is not in PEM form, or encrypted with a password"
    }
}

/// Where a server's certificate and key are.
public struct TLSFiles: Sendable, Hashable {
    /// The certificate, and those between it and one that clients trust (PEM).
    public var certificate: String
    /// Its private key (PEM, without a password).
    public var key: String

    /// Two files.
    public init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }
}
