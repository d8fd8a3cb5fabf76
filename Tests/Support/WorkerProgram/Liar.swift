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
            #"{"protocolVersion":4,"version":"\#(kind == "version" ? "0" : "test")","engineVersion":"\#(Engine.version)"}"#
        send(frame(64, 0, Array(hello.utf8)))
        waitForFrame()
        switch kind {
        case "length": send([0xff, 0xff, 0xff, 0xff, 66])
        case "kind": send(frame(200, 0, []))
        case "json": send(frame(66, 0, Array("{\"info\":".utf8)))
        case "job": send(frame(1, 0, []))
        case "exit": exit(3)
        case "silence": break
        case "devices", "sizes", "graphics": send(frame(66, 0, Array(loaded(devices: devices(kind)).utf8)))
        case let kind where kind.hasPrefix("estimate-"): send(frame(71, 0, estimates(String(kind.dropFirst(9)))))
        case let kind where kind.hasPrefix("measure-"):
            send(frame(66, 0, Array(loaded().utf8)))
            waitForFrame()
            send(frame(71, 1, speeds(String(kind.dropFirst(8)))))
        default:
            send(frame(66, 0, Array(loaded().utf8)))
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

    /// A GPU beside the host; of other kinds too many devices, or what has more than there can be.
    private static func devices(_ kind: String) -> [DeviceMemory] {
        let host = DeviceMemory(device: "CPU", isHost: true, weightsByteCount: kind == "sizes" ? .max : 1)
        let count = kind == "devices" ? 1000 : 1
        return [host] + (0..<count).map { DeviceMemory(device: "GPU\($0)", isHost: false, contextByteCount: 5000) }
    }

    /// Three estimates; of another kind than `true` with something in the last that cannot be.
    private static func estimates(_ kind: String) -> [UInt8] {
        let host = DeviceMemory(
            device: "CPU", isHost: true, weightsByteCount: 1000, contextByteCount: 1000, computeByteCount: 1000)
        let good = MemoryEstimate(
            devices: [host], mappedByteCount: 0, repackedByteCount: 0, outputByteCount: 0, overheadByteCount: 1000)
        var bad = good
        switch kind {
        case "negative": bad.outputByteCount = -1
        case "huge": bad.devices[0].contextByteCount = .max
        case "zero": bad.devices[0] = DeviceMemory(device: "CPU", isHost: true)
        case "overhead": bad.overheadByteCount = 0
        case "devices": bad.devices += devices("devices")
        case "name": bad.devices[0].device = String(repeating: "x", count: 257)
        default: break
        }
        return json(kind == "count" ? [good, good] : [good, good, bad])
    }

    /// Two runs of a prompt; of another kind than `true` with one that cannot be.
    private static func speeds(_ kind: String) -> [UInt8] {
        let seconds: [String: [Double]] = [
            "true": [1, 2], "negative": [1, -1], "zero": [1, 0], "tiny": [1, 1e-300], "huge": [1, 1e300], "count": [1],
        ]
        return json(["promptSeconds": seconds[kind] ?? [], "generationSeconds": []])
    }

    private static func json(_ value: some Encodable) -> [UInt8] {
        do { return [UInt8](try JSONEncoder().encode(value)) } catch { exit(65) }
    }

    private static func loaded(devices: [DeviceMemory] = []) -> String {
        """
        {"info":{"name":"m","path":"p","architecture":"a","description":"d","parameterCount":1,"byteCount":1,\
        "contextLength":1,"trainedContextLength":1,"vocabularyCount":1,"embeddingLength":1,"layerCount":1,\
        "threadCount":1,"hasChatTemplate":false,"isGenerative":true},"memory":{"weightsByteCount":1,\
        "contextByteCount":1,"computeByteCount":1,"devices":\(String(decoding: json(devices), as: UTF8.self))},\
        "sandbox":{"none":{"reason":"it lies"}}}
        """
    }

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
