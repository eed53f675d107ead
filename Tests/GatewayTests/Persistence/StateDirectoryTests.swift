import Configuration
import Dispatch
import Foundation
import Glibc
import Network
import TestSupport
import Testing

@testable import Gateway

/// A folder of its own for each test; removed with it.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.path + "/a2a-gateway-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

@Suite struct StateDirectoryTests {
  let folder: TemporaryFolder
  let state: StateDirectory

  init() throws {
    folder = try TemporaryFolder()
    state = try StateDirectory(path: folder.path + "/state")
  }

  private func mode(_ name: String) throws -> UInt {
    let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/" + name)
    return try #require(attributes[.posixPermissions] as? NSNumber).uintValue
  }

  @Test func nobodyElseMayLookIn() throws {
    try state.write([1], to: "agents/a.json")
    #expect(try mode("state") == 0o700)
    #expect(try mode("state/agents") == 0o700)
    #expect(try mode("state/agents/a.json") == 0o600)
  }

  @Test func aFileIsReplacedAsAWhole() throws {
    #expect(try state.read("agents/a.json") == nil)
    try state.write(Array("one".utf8), to: "agents/a.json")
    try state.write(Array("2".utf8), to: "agents/a.json")
    #expect(try state.read("agents/a.json") == Array("2".utf8))
    try state.remove("agents/a.json")
    try state.remove("agents/a.json")
    #expect(try state.read("agents/a.json") == nil)
  }

  @Test func aFailedWriteLeavesTheFileAsItWas() throws {
    try state.write(Array("old".utf8), to: "a.json")
    // Where the new bytes would be written first, something is in the way.
    try FileManager.default.createDirectory(
      atPath: state.path + "/a.json.new/x", withIntermediateDirectories: true)
    #expect(throws: (any Error).self) { try state.write(Array("new".utf8), to: "a.json") }
    #expect(try state.read("a.json") == Array("old".utf8))
  }

  @Test func halfWrittenFilesAreNotListed() throws {
    try state.write([1], to: "agents/b.json")
    try state.write([1], to: "agents/a.json")
    try state.write([1], to: "agents/c.json.new")
    #expect(state.names(in: "agents", suffix: ".json") == ["agents/a.json", "agents/b.json"])
    #expect(state.names(in: "nothing", suffix: ".json") == [])
  }

  @Test func aFolderBelongsToOneGateway() throws {
    let error = #expect(throws: StartError.self) { try StateDirectory(path: state.path) }
    #expect(error?.description.contains("belongs to another running gateway") == true)
  }

  @Test func theFoldersOwnThreadMayBeTheLastToHoldIt() throws {
    let loop = try EventLoop()
    let path = folder.path + "/other"
    var other: StateDirectory? = try StateDirectory(path: path)
    let (isHeld, mayGoOn) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    other?.perform(
      { _ in
        isHeld.signal()
        mayGoOn.wait()
      }, then: loop.expect { (_: Void) in loop.stop() })
    isHeld.wait()
    other = nil
    mayGoOn.signal()
    loop.run()
    try eventually("the folder is free again") { (try? StateDirectory(path: path)) != nil }
  }

  @Test func aFolderThatCannotBeMadeIsNamed() throws {
    try state.write([1], to: "file")
    let error = #expect(throws: StartError.self) { try StateDirectory(path: state.path + "/file/state") }
    #expect(error?.description.contains(state.path + "/file/state cannot be used") == true)
  }
}
