import CLinux

/// The C library's memory, set up for a server that lives long.
public enum Allocator {
  /// Memory is fetched from the kernel in pieces of this size, and given back when so much of it is free.
  private static let growthBytes: Int32 = 1024 * 1024
  private static let trimBytes: Int32 = 16 * 1024 * 1024
  /// Larger pieces are mapped by themselves, and unmapped when they are freed.
  private static let mappedBytesMin: Int32 = 4 * 1024 * 1024

  /// To be called before the first thread is started.
  ///
  /// - Parameter threads: how many will allocate much. The C library gives each thread an arena of its own, so that they
  ///   do not wait for each other; such an arena grows by single pages, each a call to the kernel. One thread needs none,
  ///   and the common one grows in large steps.
  public static func prepare(threads: Int) {
    // What these set is advice: where one is refused, memory is only handed out less well.
    if threads == 1 { _ = mallopt(M_ARENA_MAX, 1) }
    _ = mallopt(M_TOP_PAD, growthBytes)
    _ = mallopt(M_TRIM_THRESHOLD, trimBytes)
    _ = mallopt(M_MMAP_THRESHOLD, mappedBytesMin)
  }
}
