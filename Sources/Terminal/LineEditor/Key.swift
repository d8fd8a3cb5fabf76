/// What a person did on the keyboard, as a line editor sees it.
enum Key: Sendable, Hashable {
    case text(String)
    case paste(String)
    case enter, interrupt, endOfInput, suspend
    case backspace, delete
    case left, right, up, down, home, end, wordLeft, wordRight
    case killToEnd, killToStart, killWord, killWordForward, yank, transpose
    case clearScreen
}

/// Turns a terminal's bytes into keys: UTF-8, control characters, the escape sequences of ECMA-48 and xterm, and
/// bracketed paste. A value apart from any descriptor; bytes may arrive split anywhere.
struct KeyDecoder: Sendable {
    private enum State: Sendable, Hashable {
        case ground
        case utf8([UInt8], remaining: Int)
        case escape
        case sequence([UInt8])
        case shifted
        case paste([UInt8])
    }

    private var state = State.ground

    private static let pasteEnd = Array("\u{1B}[201~".utf8)

    /// Whether an escape character was seen and nothing after it: it is the Escape key itself when nothing follows
    /// at once.
    var awaitsSequence: Bool { state == .escape }

    /// Takes a lone escape character for what it is.
    mutating func endSequence() { if state == .escape { state = .ground } }

    /// The key that `byte` completes, if it does.
    mutating func decode(_ byte: UInt8) -> Key? {
        switch state {
        case .ground: return ground(byte)
        case .utf8(let bytes, let remaining): return continuation(byte, of: bytes, remaining: remaining)
        case .escape: return escape(byte)
        case .shifted:
            state = .ground
            return Self.cursorKeys[byte]
        case .sequence(let bytes): return sequence(byte, after: bytes)
        case .paste(let bytes): return paste(byte, after: bytes)
        }
    }

    private mutating func ground(_ byte: UInt8) -> Key? {
        switch byte {
        case 0x1B:
            state = .escape
            return nil
        case 0x0D, 0x0A: return .enter
        case 0x7F, 0x08: return .backspace
        case 0x00...0x1F: return Self.controlKeys[byte | 0x40]
        case 0x20...0x7E: return .text(String(UnicodeScalar(byte)))
        case 0xC2...0xDF: state = .utf8([byte], remaining: 1)
        case 0xE0...0xEF: state = .utf8([byte], remaining: 2)
        case 0xF0...0xF4: state = .utf8([byte], remaining: 3)
        default: return nil
        }
        return nil
    }

    private mutating func continuation(_ byte: UInt8, of bytes: [UInt8], remaining: Int) -> Key? {
        guard byte & 0xC0 == 0x80 else {
            // A broken character: dropped, and this byte begins anew.
            state = .ground
            return ground(byte)
        }
        if remaining > 1 {
            state = .utf8(bytes + [byte], remaining: remaining - 1)
            return nil
        }
        state = .ground
        return String(validating: bytes + [byte], as: UTF8.self).map(Key.text)
    }

    private mutating func escape(_ byte: UInt8) -> Key? {
        state = .ground
        switch byte {
        case UInt8(ascii: "["): state = .sequence([])
        case UInt8(ascii: "O"): state = .shifted
        case 0x1B: state = .escape
        case UInt8(ascii: "b"): return .wordLeft
        case UInt8(ascii: "f"): return .wordRight
        case UInt8(ascii: "d"): return .killWordForward
        case 0x7F, 0x08: return .killWord
        case 0x0D, 0x0A: return .text("\n")
        default: break
        }
        return nil
    }

    private mutating func sequence(_ byte: UInt8, after bytes: [UInt8]) -> Key? {
        // Parameters and intermediates are 0x20…0x3F, the final byte is 0x40…0x7E.
        guard (0x40...0x7E).contains(byte) else {
            state = (0x20...0x3F).contains(byte) && bytes.count < 32 ? .sequence(bytes + [byte]) : .ground
            return nil
        }
        state = .ground
        let parameters = String(decoding: bytes, as: UTF8.self)
        if byte == UInt8(ascii: "~") {
            if parameters == "200" { state = .paste([]) }
            return Self.editingKeys[parameters]
        }
        // Control (5) or alt (3) with an arrow moves by words.
        if parameters.hasSuffix(";5") || parameters.hasSuffix(";3") {
            switch byte {
            case UInt8(ascii: "C"): return .wordRight
            case UInt8(ascii: "D"): return .wordLeft
            default: break
            }
        }
        return Self.cursorKeys[byte]
    }

    private mutating func paste(_ byte: UInt8, after bytes: [UInt8]) -> Key? {
        let all = bytes + [byte]
        guard all.suffix(Self.pasteEnd.count).elementsEqual(Self.pasteEnd) else {
            state = .paste(all)
            return nil
        }
        state = .ground
        let text = String(decoding: all.dropLast(Self.pasteEnd.count), as: UTF8.self)
        let lines = text.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
        // Control characters in a paste would act on the terminal when drawn.
        let clean = lines.unicodeScalars.filter {
            $0 == "\n" || $0 == "\t" || $0.properties.generalCategory != .control
        }
        return .paste(String(String.UnicodeScalarView(clean)).replacing("\t", with: "    "))
    }

    private static let cursorKeys: [UInt8: Key] = [
        UInt8(ascii: "A"): .up, UInt8(ascii: "B"): .down, UInt8(ascii: "C"): .right, UInt8(ascii: "D"): .left,
        UInt8(ascii: "H"): .home, UInt8(ascii: "F"): .end,
    ]

    private static let editingKeys: [String: Key] = [
        "1": .home, "3": .delete, "4": .end, "7": .home, "8": .end,
    ]

    private static let controlKeys: [UInt8: Key] = [
        UInt8(ascii: "A"): .home, UInt8(ascii: "B"): .left, UInt8(ascii: "C"): .interrupt,
        UInt8(ascii: "D"): .endOfInput, UInt8(ascii: "E"): .end, UInt8(ascii: "F"): .right,
        UInt8(ascii: "K"): .killToEnd, UInt8(ascii: "L"): .clearScreen, UInt8(ascii: "N"): .down,
        UInt8(ascii: "P"): .up, UInt8(ascii: "T"): .transpose, UInt8(ascii: "U"): .killToStart,
        UInt8(ascii: "W"): .killWord, UInt8(ascii: "Y"): .yank, UInt8(ascii: "Z"): .suspend,
    ]
}
