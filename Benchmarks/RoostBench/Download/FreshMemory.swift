import Foundation

/// Makes sure that the system's free memory is really there. A virtual machine gives what it does not use back to its
/// host; who writes a file next pays for getting it back, which took ten times as long as the writing itself.
enum FreshMemory {
    static func touch(byteCount: Int) {
        let pageByteCount = 4096
        guard
            let memory = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0),
            memory != MAP_FAILED
        else { return }
        for offset in stride(from: 0, to: byteCount, by: pageByteCount) {
            memory.storeBytes(of: 1, toByteOffset: offset, as: UInt8.self)
        }
        munmap(memory, byteCount)
    }
}
