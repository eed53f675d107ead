import Foundation
import Glibc

/// Bounds of this process and of those that it starts.
enum ResourceLimits {
  /// Raises the number of open files to what the system allows.
  ///
  /// - Returns: the number.
  @discardableResult
  static func raiseOpenFiles() throws -> Int {
    var limit = rlimit()
    // The kernel fills in and copies the structure.
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
      throw BenchError("the limit of open files cannot be read")
    }
    limit.rlim_cur = limit.rlim_max
    _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return Int(clamping: limit.rlim_cur)
  }
}

/// The cores of this machine.
enum Cores {
  static var count: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

  /// Has this process, and what it starts from now on, run on one core.
  static func pin(to core: Int, log: URL) throws {
    let taskset = try ChildProcess(["taskset", "--cpu-list", "--pid", String(core), String(getpid())], log: log)
    guard taskset.waitForEnd(.seconds(5)) == 0 else { throw BenchError("taskset cannot pin to core \(core)") }
  }
}

/// What the kernel has counted, read from /proc.
enum Accounting {
  private static let ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))

  /// CPU time in seconds of a process and its children, user and system, all threads.
  static func cpuSeconds(ofTree process: Int32) -> Double {
    tree(process).reduce(0) { $0 + cpuSeconds(of: $1) }
  }

  /// By the process's own clock: what /proc tells is as coarse as a tick, which at a low rate is a tenth of all there is.
  private static func cpuSeconds(of process: Int32) -> Double {
    var clock = clockid_t()
    var time = timespec()
    // The kernel fills in both.
    guard unsafe clock_getcpuclockid(process, &clock) == 0, unsafe clock_gettime(clock, &time) == 0 else { return 0 }
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// Resident memory in bytes of a process and its children.
  static func residentBytes(ofTree process: Int32) -> Int {
    tree(process).reduce(0) { sum, process in
      guard let line = text("/proc/\(process)/status")?.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") }),
        let kilobytes = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap({ Int($0) })
      else { return sum }
      return sum + kilobytes * 1024
    }
  }

  /// Seconds that all cores have been busy, whoever kept them so, and this machine's host included.
  static var busySeconds: Double {
    guard let line = text("/proc/stat")?.split(separator: "\n").first else { return 0 }
    let ticks = line.split(separator: " ").dropFirst().compactMap { Double($0) }
    guard ticks.count >= 8 else { return 0 }
    let idle = ticks[3] + ticks[4]
    return (ticks[0..<8].reduce(0, +) - idle) / ticksPerSecond
  }

  /// nginx works in a child.
  private static func tree(_ process: Int32) -> [Int32] {
    let children = text("/proc/\(process)/task/\(process)/children")?.split(separator: " ").compactMap { Int32($0) }
    return [process] + (children ?? []).flatMap(tree)
  }

  private static func text(_ path: String) -> String? {
    guard let file = FileHandle(forReadingAtPath: path), let data = try? file.readToEnd() else { return nil }
    return String(decoding: data, as: UTF8.self)
  }
}
