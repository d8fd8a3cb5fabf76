import Foundation
import NIOHTTP1

/// The `Link` header of answers that come in pages (RFC 8288).
enum LinkHeader {
    /// The address with `rel="next"`, resolved against that of the answer; `nil` on the last page.
    static func next(_ headers: HTTPHeaders, of url: URL) -> URL? {
        for value in headers["link"] {
            var rest = value[...]
            while let open = rest.firstIndex(of: "<"), let close = rest[open...].firstIndex(of: ">") {
                let target = rest[rest.index(after: open)..<close]
                let parameters = rest[rest.index(after: close)...].prefix { $0 != "<" }
                if isNext(parameters) { return URL(string: String(target), relativeTo: url)?.absoluteURL }
                rest = rest[parameters.endIndex...]
            }
        }
        return nil
    }

    private static func isNext(_ parameters: Substring) -> Bool {
        parameters.split { $0 == ";" || $0 == "," }.contains { parameter in
            let pair = parameter.split(separator: "=", maxSplits: 1).map {
                $0.trimmingCharacters(in: CharacterSet(charactersIn: " \t\""))
            }
            return pair.count == 2 && pair[0].lowercased() == "rel"
                && pair[1].lowercased().split(separator: " ").contains("next")
        }
    }
}
