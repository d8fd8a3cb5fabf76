/// A benchmark that could not be run, in one sentence.
struct BenchError: Error, CustomStringConvertible {
    let description: String
}
