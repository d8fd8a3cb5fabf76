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
    /// A model without weights was to be entered.
    case noWeights
    /// A file that was to be taken over is not what it should be; it is in quarantine at `path`.
    case quarantined(name: String, path: String, reason: String)
    /// A part of a split model is not where the others are.
    case missingParts([String], folder: String)
    /// A folder does not hold exactly one model; `choices` are the ones it holds.
    case ambiguousFolder(path: String, choices: [String])
    /// A file cannot be linked into the store.
    case notLinkable(path: String, reason: String)
    /// A file was to be registered without its content, which the store does not have either.
    case contentMissing(name: String, digest: Digest)
    /// A file has another content than the digest it came with.
    case contentMismatch(path: String, expected: Digest, found: Digest)
    /// A file has another size than the one it came with.
    case wrongSize(path: String, digest: Digest, expected: Int64, found: Int64)
    /// A model folder is not there: its disk is not mounted.
    case folderUnavailable(path: String, model: ModelName?)
    /// A folder cannot hold models.
    case unusableFolder(path: String, reason: String)
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
    /// The model's file was found damaged before and has not changed since.
    case damaged(ModelName, path: String)
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
        case .noWeights:
            return "A model needs a file of weights; name a .gguf file that has them."
        case .quarantined(let name, let path, let reason):
            return "“\(Self.shown(name))” was refused and put into quarantine at “\(Self.shown(path))”: "
                + Self.sentenceEnd(reason)
        case .missingParts(let names, let folder):
            let list = names.prefix(3).map { "“\(Self.shown($0))”" }.joined(separator: ", ")
            let more = names.count > 3 ? " and \(names.count - 3) more" : ""
            return "The model's parts \(list)\(more) are not in “\(Self.shown(folder))”; put all parts into one folder."
        case .ambiguousFolder(let path, let choices):
            let list = choices.prefix(6).map { "“\(Self.shown($0))”" }.joined(separator: ", ")
            return choices.isEmpty
                ? "There is no .gguf file with weights in “\(Self.shown(path))”; name the folder of a model."
                : "“\(Self.shown(path))” holds more than one candidate (\(list)\(choices.count > 6 ? ", …" : "")); name "
                    + "the file itself."
        case .notLinkable(let path, let reason):
            return "“\(Self.shown(path))” cannot be linked into the store, \(Self.shown(reason)); copy it instead "
                + "(--copy)."
        case .contentMissing(let name, let digest):
            return "The content of “\(Self.shown(name))” (\(digest.short)) is not in the store; fetch it first."
        case .contentMismatch(let path, let expected, let found):
            return "“\(Self.shown(path))” has the content \(found.short) instead of \(expected.short); fetch it again."
        case .wrongSize(let path, _, let expected, let found):
            return "“\(Self.shown(path))” has \(found) bytes instead of \(expected); fetch it again."
        case .folderUnavailable(let path, let model):
            let whose = model.map { " of “\($0.display)”" } ?? ""
            return "The model folder “\(Self.shown(path))”\(whose) is not there; mount its disk and try again."
        case .unusableFolder(let path, let reason):
            return "“\(Self.shown(path))” cannot be a model folder: \(Self.sentenceEnd(reason))"
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
                + "fetch it again with “roost pull \(name.display)”, or import it again."
        case .damaged(let name, let path):
            return
                "The file of model “\(name.display)” is damaged (“\(Self.shown(path))”); “roost pull \(name.display)” "
                + "fetches it again."
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
