import Security

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What can go wrong in the store. Each description is one sentence: what, the value, what to do.
public enum ModelStoreError: Error, Hashable, Sendable {
    /// The text is not a model name; `rule` says which rule it breaks.
    case invalidName(text: String, rule: String)
    /// No model has this name; `suggestions` are near names that exist, best first.
    case notFound(ModelName, suggestions: [ModelName])
    /// Another model has this name already.
    case alreadyExists(ModelName, digest: Digest)
    /// The file is not a model that Roost can read.
    case invalidModel(path: String, reason: String)
    /// The path is not a regular file; `kind` says what it is (“a folder”, “a pipe”).
    case notARegularFile(path: String, kind: String)
    /// The file was written to while it was being imported.
    case sourceChanged(path: String)
    /// The disk has no room: bytes needed and bytes free.
    case noSpace(path: String, needed: Int64, available: Int64)
    /// A system call failed with an `errno`.
    case io(path: String, operation: String, errno: Int32)
    /// The database knows the model but its file is gone.
    case blobMissing(ModelName, path: String)
    /// The model's file no longer has the content that was imported.
    case digestMismatch(ModelName, expected: Digest, found: Digest)
    /// Another process held the store's lock for too long; its process id when known.
    case locked(path: String, holder: Int32?)
    /// SQLite refused; its own words.
    case database(path: String, reason: String)
    /// A newer Roost wrote the database.
    case newerDatabase(path: String)
}

extension ModelStoreError: CustomStringConvertible {
    /// One sentence: what was wrong, the value, what to do.
    public var description: String {
        switch self {
        case .invalidName(let text, let rule):
            return "“\(Self.shown(text))” is not a model name: \(rule)."
        case .notFound(let name, let suggestions):
            let near = suggestions.map { "“\($0.display)”" }.joined(separator: ", ")
            return near.isEmpty
                ? "There is no model “\(name.display)”; “roost list” shows the models that are here."
                : "There is no model “\(name.display)”; did you mean \(near)?"
        case .alreadyExists(let name, let digest):
            return "There is a model “\(name.display)” already, with other content (\(digest.short)); "
                + "choose another name or remove it first."
        case .invalidModel(let path, let reason):
            return "“\(Self.shown(path))” is not a model that Roost can use: \(Self.sentenceEnd(reason))"
        case .notARegularFile(let path, let kind):
            return "“\(Self.shown(path))” is \(kind), not a file; name the model's .gguf file itself."
        case .sourceChanged(let path):
            return "“\(Self.shown(path))” changed while it was read; import it again once nothing writes to it."
        case .noSpace(let path, let needed, let available):
            return "There is not enough room in “\(Self.shown(path))”: \(needed) bytes are needed and "
                + "\(available) are free; free some space or choose another folder with ROOST_HOME."
        case .io(let path, let operation, let code):
            return "Could not \(operation) “\(Self.shown(path))”: \(Self.systemText(code))\(Self.advice(for: code))."
        case .blobMissing(let name, let path):
            return "The file of model “\(name.display)” is gone (“\(Self.shown(path))”); import or pull it again."
        case .digestMismatch(let name, let expected, let found):
            return "The file of model “\(name.display)” is damaged: its content is \(found) instead of \(expected); "
                + "remove the model and import or pull it again."
        case .locked(let path, let holder):
            let who = holder.map { "process \($0)" } ?? "another process"
            return "The store is busy: \(who) holds “\(Self.shown(path))”; try again when it has finished."
        case .database(let path, let reason):
            return "The database “\(Self.shown(path))” cannot be used: \(Self.sentenceEnd(reason))"
        case .newerDatabase(let path):
            return "The database “\(Self.shown(path))” was written by a newer Roost; update Roost to use it."
        }
    }

    /// Text from outside on one line: control characters escaped, cut where it is very long.
    private static func shown(_ text: String) -> String {
        let head = text.unicodeScalars.prefix(300)
        let line = head.reduce(into: "") { line, scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: line += scalar.escaped(asASCII: true)
            default: line.unicodeScalars.append(scalar)
            }
        }
        return text.unicodeScalars.count > 300 ? line + "…" : line
    }

    private static func sentenceEnd(_ text: String) -> String {
        text.hasSuffix(".") ? text : text + "."
    }

    private static func systemText(_ code: Int32) -> String { String(cString: strerror(code)) }

    private static func advice(for code: Int32) -> String {
        switch code {
        case EACCES, EPERM: "; check who owns it and its permissions"
        case EROFS: "; choose a writable folder with ROOST_HOME"
        case ELOOP: "; its symbolic links lead in a circle"
        case EMFILE, ENFILE: "; raise the limit of open files"
        default: ""
        }
    }
}
