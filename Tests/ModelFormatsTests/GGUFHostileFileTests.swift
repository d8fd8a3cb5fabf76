import Foundation
import ModelFixtures
import ModelFormats
import Testing

@Suite("Hostile GGUF files")
struct GGUFHostileFileTests {
    @Test("Each is refused with its own error, with less than 100 ms of work", arguments: HostileFile.all)
    func refused(file: HostileFile) throws {
        let url = try TemporaryFile(file.bytes())
        // What this thread computed: others may keep it waiting.
        let start = threadTime()
        let error = #expect(throws: GGUFError.self) { try GGUFValidator().validate(url.url) }
        let worked = threadTime() - start
        #expect(error == file.error)
        #expect(worked < .milliseconds(100), "took \(worked)")
    }

    @Test("No two have the same error, and each says a sentence of its own")
    func distinct() {
        let sentences = HostileFile.all.map(\.error.description)
        #expect(HostileFile.all.count >= 35)
        #expect(Set(HostileFile.all.map(\.error)).count >= HostileFile.all.count - 1)
        for sentence in sentences {
            #expect(sentence.hasSuffix("."))
            #expect(sentence.contains("; "), "says what to do: \(sentence)")
            #expect(sentence != "The GGUF file is damaged; download it again.")
        }
    }

    /// In a process of its own, so that no other test's memory is counted.
    @Test("All of them together need less than 64 MiB")
    func memory() async {
        await #expect(processExitsWith: .success) {
            let files = try HostileFile.all.map { try TemporaryFile($0.bytes()) }
            let before = peakResidentByteCount()
            for file in files {
                #expect(throws: GGUFError.self) { try GGUFValidator().validate(file.url) }
                #expect(throws: GGUFError.self) {
                    let file = try GGUFReader.open(file.url)
                    try GGUFValidator().validate(file.header, fileByteCount: file.fileByteCount)
                }
            }
            #expect(peakResidentByteCount() - before < 64 << 20)
        }
    }
}
