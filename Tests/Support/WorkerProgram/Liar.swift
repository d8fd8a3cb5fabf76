import Foundation
import Inference

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A worker that was taken over: it knows the protocol and does not keep to it.
enum Liar {
    static func run(_ kind: String) -> Never {
        let hello =
            #"{"protocolVersion":2,"version":"\#(kind == "version" ? "0" : "test")","engineVersion":"\#(Engine.version)"}"#
        send(frame(64, 0, Array(hello.utf8)))
        waitForFrame()
        switch kind {
        case "length": send([0xff, 0xff, 0xff, 0xff, 66])
        case "kind": send(frame(200, 0, []))
        case "json": send(frame(66, 0, Array("{\"info\":".utf8)))
        case "job": send(frame(1, 0, []))
        case "exit": exit(3)
        case "silence": break
        default:
            send(frame(66, 0, Array(loaded.utf8)))
            waitForFrame()
            switch kind {
            case "text": send(frame(68, 1, [0, 0, 0, 0, 0, 1, 0, 0, 0, 0xff]))
            case "choice": send(frame(68, 1, [0, 9, 0, 0, 0, 1, 0, 0, 0, 65]))
            case "count": send(frame(69, 1, Array(#"{"queued":{"place":-9223372036854775808}}"#.utf8)))
            case "flood":
                while true {
                    send(frame(68, 1, [0, 0, 0, 0, 0] + [0, 0, 16, 0] + Array(repeating: 65, count: 1 << 20)))
                }
            case "nested": send(frame(69, 1, Array(repeating: UInt8(ascii: "["), count: 1 << 20)))
            default: break
            }
        }
        while true { sleep(60) }
    }

    private static let loaded = """
        {"info":{"name":"m","path":"p","architecture":"a","description":"d","parameterCount":1,"byteCount":1,\
        "contextLength":1,"trainedContextLength":1,"vocabularyCount":1,"embeddingLength":1,"layerCount":1,\
        "threadCount":1,"hasChatTemplate":false,"isGenerative":true},"memory":{"weightsByteCount":1,\
        "contextByteCount":1,"computeByteCount":1,"devices":[]},"sandbox":{"none":{"reason":"it lies"}}}
        """

    private static func frame(_ kind: UInt8, _ request: UInt64, _ payload: [UInt8]) -> [UInt8] {
        let count = UInt32(payload.count + 9)
        return withUnsafeBytes(of: count.littleEndian) { Array($0) } + [kind]
            + withUnsafeBytes(of: request.littleEndian) { Array($0) } + payload
    }

    private static func send(_ bytes: [UInt8]) {
        let handle = FileHandle(fileDescriptor: 3)
        do { try handle.write(contentsOf: Data(bytes)) } catch { exit(0) }
    }

    private static func waitForFrame() {
        let handle = FileHandle(fileDescriptor: 3)
        guard let header = try? handle.read(upToCount: 4), header.count == 4 else { exit(0) }
        let count = header.reversed().reduce(0) { $0 << 8 | Int($1) }
        _ = try? handle.read(upToCount: count)
    }
}
