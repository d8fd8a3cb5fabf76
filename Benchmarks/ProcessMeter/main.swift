#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

// Runs a command and writes what it took, with its children, as one line of JSON: seconds, CPU seconds, peak memory.
//
//     ProcessMeter REPORT SECONDS PROGRAM ARGUMENT...
//
// The command is killed with all its children after so many SECONDS. A program of its own because the peak that the
// system tells begins with that of the process which started the command: this one needs little.

func fail(_ message: String) -> Never {
    _ = (message + "\n").withCString { write(STDERR_FILENO, $0, strlen($0)) }
    exit(64)
}

func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }

func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

let arguments = CommandLine.arguments
guard arguments.count > 3, let limit = UInt32(arguments[2]), limit > 0 else {
    fail("Use: ProcessMeter REPORT SECONDS PROGRAM ARGUMENT...")
}

#if canImport(Darwin)
    var attributes: posix_spawnattr_t?
    let bytesPerMaximum = 1
#else
    var attributes = posix_spawnattr_t()
    let bytesPerMaximum = 1024
#endif
posix_spawnattr_init(&attributes)
// A process group of its own, so that all of it can be ended at once.
posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
posix_spawnattr_setpgroup(&attributes, 0)

var command: [UnsafeMutablePointer<CChar>?] = arguments.dropFirst(3).map { strdup($0) }
command.append(nil)
var child = pid_t()
let start = now()
let failure = posix_spawnp(&child, arguments[3], nil, &attributes, command, environ)
guard failure == 0 else { fail("“\(arguments[3])” cannot be run: \(String(cString: strerror(failure))).") }

// An interrupted wait says that the time is over.
var alarmAction = sigaction()
#if canImport(Darwin)
    alarmAction.__sigaction_u.__sa_handler = { _ in }
#else
    alarmAction.__sigaction_handler.sa_handler = { _ in }
#endif
sigaction(SIGALRM, &alarmAction, nil)
alarm(limit)

var status: Int32 = 0
var usage = rusage()
var isOverdue = false
while wait4(child, &status, 0, &usage) < 0 {
    guard errno == EINTR else { fail("The command got lost: \(String(cString: strerror(errno))).") }
    isOverdue = true
    kill(-child, SIGKILL)
}
let elapsed = now() - start
let code = status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
guard let report = fopen(arguments[1], "w") else { fail("“\(arguments[1])” cannot be written.") }
fputs(
    """
    {"seconds":\(elapsed),"userSeconds":\(seconds(usage.ru_utime)),"systemSeconds":\(seconds(usage.ru_stime)),\
    "peakByteCount":\(Int(usage.ru_maxrss) * bytesPerMaximum),"status":\(code),"isOverdue":\(isOverdue)}

    """, report)
fclose(report)
