import Foundation
import Synchronization
import Telemetry
import Testing

private func makePipe() throws -> (reader: Int32, writer: Int32) {
  var ends: [Int32] = [0, 0]
  // Two elements, as pipe(2) fills in.
  try #require(unsafe pipe(&ends) == 0)
  return (ends[0], ends[1])
}

/// All that is in the pipe right now.
private func drain(_ descriptor: Int32) -> [UInt8] {
  var result: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 65_536)
  _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
  while true {
    // The buffer is as long as the count says.
    let count = unsafe read(descriptor, &chunk, chunk.count)
    if count <= 0 { return result }
    result += chunk[..<count]
  }
}

private func text(_ bytes: [UInt8]) -> [Substring] { String(decoding: bytes, as: UTF8.self).split(separator: "\n") }

@Suite struct FileDescriptorSinkTests {
  @Test func neverWaitsForAReaderThatDoesNotReadAndTearsNoLine() throws {
    let ends = try makePipe()
    defer {
      close(ends.reader)
      close(ends.writer)
    }
    let sink = FileDescriptorSink(descriptor: ends.writer, wallMilliseconds: { 0 })
    let line = Array(("{\"x\":\"" + String(repeating: "y", count: 990) + "\"}\n").utf8)
    // Far more than the pipe and the backlog hold: the writes beyond are dropped, and every one returns.
    for _ in 0..<3000 { sink.write(line) }
    var received: [UInt8] = []
    for _ in 0..<100 {
      received += drain(ends.reader)
      sink.flush(waitingMilliseconds: 0)
    }
    received += drain(ends.reader)
    let whole = text(received)
    let full = String(decoding: line.dropLast(), as: UTF8.self)
    #expect(whole.count > 1000)
    #expect(whole.dropLast().allSatisfy { $0 == full })
    let report = try #require(whole.last)
    #expect(report.contains("\"dropped_lines\":\(3000 - (whole.count - 1))}"))
  }

  @Test func survivesAReaderThatWentAway() throws {
    let ends = try makePipe()
    close(ends.reader)
    defer { close(ends.writer) }
    let sink = FileDescriptorSink(descriptor: ends.writer)
    for _ in 0..<10 { sink.write(Array("{}\n".utf8)) }
  }

  @Test func survivesAFullDisk() throws {
    let sink = try FileDescriptorSink(path: "/dev/full")
    for _ in 0..<10 { sink.write(Array("{}\n".utf8)) }
  }

  @Test func saysElsewhereOnceThatADiskIsFull() throws {
    let told = Mutex<[String]>([])
    let sink = try FileDescriptorSink(
      path: "/dev/full", onFailure: { error in told.withLock { $0.append(error.description) } })
    for _ in 0..<10 { sink.write(Array("{}\n".utf8)) }
    #expect(told.withLock { $0 } == ["cannot write to /dev/full: No space left on device (errno 28)"])
  }

  @Test func opensTheFileAnewAfterARotation() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("access.log").path
    let sink = try FileDescriptorSink(path: path)
    sink.write(Array("one\n".utf8))
    try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
    sink.write(Array("two\n".utf8))
    sink.reopen()
    sink.write(Array("three\n".utf8))
    #expect(try String(contentsOfFile: path + ".1", encoding: .utf8) == "one\ntwo\n")
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "three\n")
  }

  @Test func saysWhyAFileCannotBeOpened() {
    #expect(throws: LogFileError.self) { try FileDescriptorSink(path: "/nowhere/at/all.log") }
    do {
      _ = try FileDescriptorSink(path: "/nowhere/at/all.log")
    } catch {
      #expect(error.description == "cannot open /nowhere/at/all.log: No such file or directory (errno 2)")
    }
  }
}
