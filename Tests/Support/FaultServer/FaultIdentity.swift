import Foundation
import NIOSSL

/// A certificate that signs itself, and its key: made by the system's `openssl` in a folder of the test.
public struct FaultIdentity: Sendable {
    /// The certificate, PEM.
    public let certificate: URL
    private let key: URL

    /// Why there is none.
    public struct Failure: Error, CustomStringConvertible {
        /// One sentence.
        public let description: String
    }

    /// Makes a certificate for these names, and for 127.0.0.1 unless `isForThisMachine` is `false`.
    public init(names: [String], isForThisMachine: Bool = true, folder: URL) throws {
        certificate = folder.appendingPathComponent("certificate.pem")
        key = folder.appendingPathComponent("key.pem")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        let list = (names.map { "DNS:\($0)" } + (isForThisMachine ? ["IP:127.0.0.1"] : [])).joined(separator: ",")
        process.arguments = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
            "2",
            "-subj", "/CN=fault-server", "-addext", "subjectAltName=\(list)", "-keyout", key.path, "-out",
            certificate.path,
        ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(description: "openssl made no certificate (status \(process.terminationStatus)).")
        }
    }

    func context() throws -> NIOSSLContext {
        let chain = try NIOSSLCertificate.fromPEMFile(certificate.path).map { NIOSSLCertificateSource.certificate($0) }
        return try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: chain, privateKey: .privateKey(NIOSSLPrivateKey(file: key.path, format: .pem))))
    }
}
