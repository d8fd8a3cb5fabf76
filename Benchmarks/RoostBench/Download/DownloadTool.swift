import Foundation

/// A program that downloads the file and verifies it, with the options that a person who knows it would give it.
enum DownloadTool: String, CaseIterable, Codable {
    case roost, aria2c, curl, hf

    /// Tries of a tool that gives up when a connection is reset; a person would not go on for ever either.
    private static let tries = 30
    /// Two are enough to see that it begins again from nothing.
    private static let hubTries = 2

    /// What the name stands for in the table.
    var title: String {
        switch self {
        case .roost: "Roost"
        case .aria2c: "aria2c -x16"
        case .curl: "curl, sha256sum"
        case .hf: "hf download, sha256sum"
        }
    }

    /// One download of the benchmark's file.
    struct Job {
        let server: URL
        let digest: String
        let byteCount: Int64
        /// Empty before; what is downloaded ends up in it.
        let folder: URL
        let setting: DownloadSetting
    }

    func command(_ job: Job, programs: [DownloadTool: String]) -> [String] {
        let program = programs[self] ?? rawValue
        let url = job.server.appendingPathComponent("file").absoluteString
        let target = self.target(job).path
        switch self {
        case .roost:
            return [program, "download-child", url, job.digest, "\(job.byteCount)", job.folder.path]
        case .aria2c:
            return [
                program, "--no-conf", "--quiet", "-x16", "-s16", "-k1M", "--file-allocation=falloc",
                "--checksum=sha-256=\(job.digest)", "--max-tries=\(job.setting.resetsConnections ? 0 : 5)",
                "-d", job.folder.path, "-o", "file", url,
            ]
        case .curl:
            // Each try goes on where the one before ended.
            let tries = job.setting.resetsConnections ? Self.tries : 1
            return Self.shell(
                """
                n=0; until "$1" -sSf -C - -o "$2" "$3" 2>"$2.log"; do
                n=$((n + 1)); [ $n -lt \(tries) ] || { cat "$2.log" >&2; exit 1; }; done
                """, checking: [program, target, url, job.digest])
        case .hf:
            let tries = job.setting.resetsConnections ? Self.hubTries : 1
            return Self.shell(
                """
                n=0; until "$1" download benchmark/file file --local-dir "${2%/*}" >"$2.log" 2>&1; do
                n=$((n + 1)); [ $n -lt \(tries) ] || { tail -n 1 "$2.log" >&2; exit 1; }; done
                """, checking: [program, target, url, job.digest])
        }
    }

    /// Where the file is after the download.
    func target(_ job: Job) -> URL {
        job.folder.appendingPathComponent(self == .roost ? "sha256-\(job.digest)" : "file")
    }

    func environment(_ job: Job) -> [String: String] {
        var variables = ["NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"]
        if self == .hf {
            let server = job.server.absoluteString
            variables["HF_ENDPOINT"] = server.hasSuffix("/") ? String(server.dropLast()) : server
            variables["HF_HOME"] = job.folder.appendingPathComponent("home").path
            variables["HF_HUB_DISABLE_XET"] = "1"
            // It would ask other machines for newer versions and count its users there.
            variables["HF_HUB_DISABLE_UPDATE_CHECK"] = "1"
            variables["HF_HUB_DISABLE_TELEMETRY"] = "1"
        }
        return variables
    }

    /// A shell's commands with the arguments `$1` program, `$2` file, `$3` address, `$4` digest, and the check after
    /// them that the program does not make itself.
    private static func shell(_ commands: String, checking arguments: [String]) -> [String] {
        let check = """
            if command -v sha256sum >/dev/null; then sum=sha256sum; else sum='shasum -a 256'; fi
            echo "$4  $2" | $sum -c - >/dev/null
            """
        return ["/bin/sh", "-c", commands + "\n" + check, "sh"] + arguments
    }
}
