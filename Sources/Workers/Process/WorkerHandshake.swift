import CSandbox
import Foundation
import Inference

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The first words over a socket that still blocks: one frame each way, and the descriptors of the model.
struct WorkerHandshake {
    let descriptor: Int32

    /// Takes a worker's greeting; neither that nor what is sent afterwards waits longer than `timeLimit` (in whole
    /// seconds, at least one).
    ///
    /// - Throws: `WorkerProtocolError`; `InferenceError.workerFailed` when it is of another version.
    func greet(_ program: WorkerProgram, timeLimit: Duration) throws {
        var limit = timeval()
        limit.tv_sec = max(1, Int(timeLimit / .seconds(1)))
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        let (frame, descriptors) = try receive()
        for descriptor in descriptors { close(descriptor) }
        guard frame.kind == .hello, descriptors.isEmpty else { throw WorkerProtocolError("no greeting") }
        let hello = try WorkerJSON.decode(WorkerHello.self, from: frame.payload)
        let own = WorkerHello(
            protocolVersion: WorkerProtocol.version, version: program.version, engineVersion: Engine.version)
        guard hello == own else {
            throw InferenceError.workerFailed(
                reason: "\(program.executable.path) is of another version (\(hello)) than this program (\(own)); "
                    + "install them together")
        }
    }

    /// Sends all of the frame.
    ///
    /// - Throws: `WorkerProtocolError` when the other side does not take it.
    func send(_ frame: WorkerFrame, descriptors: [Int32] = []) throws {
        var bytes: [UInt8] = []
        frame.write(to: &bytes)
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { buffer -> Int64 in
                let rest = UnsafeRawBufferPointer(rebasing: buffer[sent...])
                return roost_send(
                    descriptor, rest.baseAddress, rest.count, descriptors, sent == 0 ? descriptors.count : 0)
            }
            guard count > 0 else { throw WorkerProtocolError("the connection ended at its beginning") }
            sent += Int(count)
        }
    }

    /// The next frame and what came along with it. Only exactly as many bytes are read as it has.
    ///
    /// - Throws: `WorkerProtocolError`.
    func receive() throws -> (WorkerFrame, [Int32]) {
        var reader = WorkerFrameReader()
        var descriptors: [Int32] = []
        do {
            let header = try read(WorkerFrame.headerCount, &descriptors)
            header.withUnsafeBytes { reader.append($0) }
            if let frame = try reader.next() { return (frame, descriptors) }
            let rest = Int(header.littleEndian(UInt32.self, at: 0)) + 4 - WorkerFrame.headerCount
            try read(rest, &descriptors).withUnsafeBytes { reader.append($0) }
            guard let frame = try reader.next() else { throw WorkerProtocolError("half a frame") }
            return (frame, descriptors)
        } catch {
            for descriptor in descriptors { close(descriptor) }
            throw error
        }
    }

    private func read(_ total: Int, _ descriptors: inout [Int32]) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < total {
            var chunk = [UInt8](repeating: 0, count: min(total - bytes.count, 1 << 16))
            var arrived = [Int32](repeating: -1, count: WorkerProtocol.fileLimit)
            var arrivedCount = 0
            let count = roost_receive(descriptor, &chunk, chunk.count, &arrived, arrived.count, &arrivedCount)
            descriptors += arrived[..<arrivedCount]
            guard count > 0 else {
                throw WorkerProtocolError(
                    count == 0 || -count == Int64(ECONNRESET)
                        ? "the connection ended at its beginning"
                        : "the connection failed at its beginning: \(String(cString: strerror(Int32(-count))))")
            }
            bytes += chunk[..<Int(count)]
        }
        return bytes
    }
}
