internal import Bytes
internal import Crypto
internal import HTTP
internal import JSON
internal import Orq

/// A header that calls to an external agent carry, as it is kept: its value can be read with the master key only.
struct SealedHeader: Sendable, Equatable {
  var name: String
  /// As its owner asked for it to be treated. Here every value is sealed and shown to nobody; this is told, no more.
  var isEncrypted: Bool
  var sealed: [UInt8]

  /// What stands in answers in place of a value. In an update it means, as an empty value does, the one that is kept: who
  /// reads an agent, changes a member and writes it back, changes no header.
  static let mask = "********"

  static func digest(_ text: String) -> String { Hex.encode(SHA256.hash(Array(text.utf8))) }
}

extension SealedHeader {
  init(_ node: JSONNode) throws(RecordFault) {
    let reader = RecordReader(node)
    guard let sealed = Base64.decode(try reader.string("sealed")) else {
      throw RecordFault(description: "the value of a header is not base64")
    }
    self.init(name: try reader.string("name"), isEncrypted: node["encrypted"]?.bool ?? false, sealed: sealed)
  }

  func write(into writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("name", name)
    writer.member("encrypted", isEncrypted)
    writer.member("sealed", Base64.encode(sealed))
    writer.endObject()
  }
}

/// Seals and opens secrets of agents, each for one agent and one purpose: a sealed value that is moved elsewhere does not
/// open there.
struct HeaderSeal: Sendable {
  private let key: [UInt8]

  init(key: [UInt8]) { self.key = key }

  static let keyFile = "master.key"

  /// With the key of the state folder, which is made at its first use. Blocks.
  static func open(_ state: StateDirectory) throws(StartError) -> HeaderSeal {
    do {
      if let key = try state.read(keyFile) {
        guard key.count == AESGCM.keyByteCount else {
          throw StartError(
            "\(state.path)/\(keyFile) has \(key.count) bytes instead of \(AESGCM.keyByteCount); put the right file back, or "
              + "remove it and register all agents with headers anew")
        }
        return HeaderSeal(key: key)
      }
      let key = Random.bytes(AESGCM.keyByteCount)
      try state.write(key, to: keyFile)
      return HeaderSeal(key: key)
    } catch let error as StartError {
      throw error
    } catch {
      throw StartError("\(state.path)/\(keyFile) cannot be used: \(error)")
    }
  }

  func seal(_ header: OrqExternalHeader, of agent: String) throws(CryptoError) -> SealedHeader {
    SealedHeader(
      name: header.name, isEncrypted: header.isEncrypted,
      sealed: try seal(header.value, at: HeaderSeal.place(agent, header.name)))
  }

  func open(_ header: SealedHeader, of agent: String) throws(CryptoError) -> String {
    try open(header.sealed, at: HeaderSeal.place(agent, header.name))
  }

  /// - Parameter place: what the secret is of, and for what: it opens nowhere else.
  func seal(_ secret: String, at place: [UInt8]) throws(CryptoError) -> [UInt8] {
    try AESGCM.seal(Array(secret.utf8), key: key, associatedData: place)
  }

  func open(_ sealed: [UInt8], at place: [UInt8]) throws(CryptoError) -> String {
    String(decoding: try AESGCM.open(sealed, key: key, associatedData: place), as: UTF8.self)
  }

  private static func place(_ agent: String, _ name: String) -> [UInt8] {
    Array("\(agent)\u{0}\(name.lowercased())".utf8)
  }
}

/// Which headers a registration may set.
enum ExternalHeaderRules {
  /// Those that say how a message is framed and passed on, and those that the gateway writes itself.
  private static let refused: Set<String> = [
    "host", "content-length", "connection", "keep-alive", "proxy-authenticate", "proxy-authorization",
    "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "expect", "accept", "accept-encoding",
    "content-type", "content-encoding", "a2a-version", "a2a-extensions", "via", "last-event-id", "if-none-match",
    "if-modified-since",
  ]

  /// Whether the gateway writes the header itself.
  static func isOwn(_ name: String) -> Bool { refused.contains(name.lowercased()) }

  /// - Throws: a fault that names the header, never its value.
  static func check(_ headers: [OrqExternalHeader]) throws(ExternalFault) {
    var seen: Set<String> = []
    for header in headers {
      let name = header.name.lowercased()
      guard (1...128).contains(name.utf8.count), name.utf8.allSatisfy(ASCII.isToken) else {
        throw ExternalFault(.invalid, "headers: a name is made of letters, digits and hyphens")
      }
      guard !refused.contains(name) else {
        throw ExternalFault(.invalid, "headers.\(header.name): this header is the gateway's own to write")
      }
      guard seen.insert(name).inserted else {
        throw ExternalFault(.invalid, "headers.\(header.name): stands here twice")
      }
      guard header.value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
        throw ExternalFault(.invalid, "headers.\(header.name): the value holds control characters")
      }
    }
  }

  /// What is kept after an update: a new value in place of the old, the old one for an empty value, nothing for a header
  /// that the update leaves out (contracts/orq.md §3.5).
  static func merge(
    _ update: [OrqExternalHeader], over kept: [SealedHeader], of agent: String, _ seal: HeaderSeal
  ) throws(ExternalFault) -> [SealedHeader] {
    try check(update)
    var result: [SealedHeader] = []
    for header in update {
      if header.value.isEmpty || header.value == SealedHeader.mask {
        guard var old = kept.first(where: { $0.name.lowercased() == header.name.lowercased() }) else {
          throw ExternalFault(.invalid, "headers.\(header.name): has no value, and none is kept that could stay")
        }
        old.isEncrypted = old.isEncrypted || header.isEncrypted
        result.append(old)
        continue
      }
      do throws(CryptoError) {
        result.append(try seal.seal(header, of: agent))
      } catch {
        throw ExternalFault(.notKept, "the value of a header cannot be encrypted: \(error)")
      }
    }
    return result
  }
}
