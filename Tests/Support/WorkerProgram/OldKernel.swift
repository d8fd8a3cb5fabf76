#if os(Linux)
    @_silgen_name("prctl")
    private func control(_ option: Int, _ a: Int, _ b: UnsafeRawPointer?, _ c: Int, _ d: Int) -> Int32

    /// Makes this process see a kernel that has no Landlock, as old ones have none.
    enum OldKernel {
        static func pretend() {
            let (setNoNewPrivileges, setSeccomp, filterMode) = (38, 22, 2)
            let landlock: UInt32 = 444  // landlock_create_ruleset, on all architectures
            // struct sock_filter: load the call's number; landlock? then ENOSYS, else allow.
            let steps: [(code: UInt16, ifTrue: UInt8, ifFalse: UInt8, value: UInt32)] = [
                (0x20, 0, 0, 0), (0x15, 0, 1, landlock), (0x06, 0, 0, 0x0005_0026), (0x06, 0, 0, 0x7fff_0000),
            ]
            let words = steps.map {
                UInt64($0.code) | UInt64($0.ifTrue) << 16 | UInt64($0.ifFalse) << 24 | UInt64($0.value) << 32
            }
            words.withUnsafeBytes { filter in
                let program = [UInt(words.count), UInt(bitPattern: filter.baseAddress)]
                _ = control(setNoNewPrivileges, 1, nil, 0, 0)
                _ = program.withUnsafeBytes { control(setSeccomp, filterMode, $0.baseAddress, 0, 0) }
            }
        }
    }
#endif
