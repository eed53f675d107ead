import CLinux

/// How many descriptors this process may have open (RLIMIT_NOFILE).
public enum DescriptorLimit {
  /// Raises the limit to what the system allows the process; shells and service managers often begin with 1024. Programs
  /// that are started later get the old limit: there are some that work through all numbers up to it.
  public static func raise() { linux_raise_descriptor_limit() }
}
