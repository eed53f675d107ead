import Bytes
import Testing

@testable import Crypto

struct AESGCMTests {
  private let key = Array(0..<UInt8(AESGCM.keyByteCount))

  /// Test cases 13 to 16 of the GCM specification (McGrew and Viega, appendix B), which NIST's validation suite took over.
  @Test(arguments: [
    Vector(
      key: String(repeating: "00", count: 32), nonce: "000000000000000000000000",
      tag: "530f8afbc74536b9a963b4f1c4cb738b"),
    Vector(
      key: String(repeating: "00", count: 32), nonce: "000000000000000000000000",
      plaintext: String(repeating: "00", count: 16),
      ciphertext: "cea7403d4d606b6e074ec5d3baf39d18", tag: "d0d1c8a799996bf0265b98b5d48ab919"),
    Vector(
      key: Vector.key, nonce: "cafebabefacedbaddecaf888", plaintext: Vector.plaintext + "1aafd255",
      ciphertext: Vector.ciphertext + "898015ad", tag: "b094dac5d93471bdec1a502270e3cc6c"),
    Vector(
      key: Vector.key, nonce: "cafebabefacedbaddecaf888", associatedData: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
      plaintext: Vector.plaintext, ciphertext: Vector.ciphertext, tag: "76fc6ece0f4e1768cddf8853bb2d551b"),
  ])
  func knownVectors(_ vector: Vector) throws {
    let (key, data) = try (vector.bytes(\.key), vector.bytes(\.associatedData))
    let (nonce, plaintext) = try (vector.bytes(\.nonce), vector.bytes(\.plaintext))
    let sealed = try AESGCM.seal(plaintext, key: key, associatedData: data, nonce: nonce)
    #expect(Hex.encode(sealed) == vector.nonce + vector.ciphertext + vector.tag)
    #expect(try AESGCM.open(sealed, key: key, associatedData: data) == plaintext)
  }

  struct Vector: Sendable {
    static let key = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"
    static let plaintext =
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
      + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    static let ciphertext =
      "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
      + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"

    var key: String
    var nonce: String
    var associatedData = ""
    var plaintext = ""
    var ciphertext = ""
    var tag: String

    func bytes(_ path: KeyPath<Vector, String>) throws -> [UInt8] { try #require(Hex.decode(self[keyPath: path])) }
  }

  @Test(arguments: [0, 1, 15, 16, 17, 4096]) func whatIsSealedCanBeOpened(count: Int) throws {
    let plaintext = Random.bytes(count)
    let sealed = try AESGCM.seal(plaintext, key: key, associatedData: [1, 2])
    #expect(sealed.count == count + AESGCM.overheadByteCount)
    #expect(try AESGCM.open(sealed, key: key, associatedData: [1, 2]) == plaintext)
  }

  @Test func theSameTextIsSealedDifferentlyEachTime() throws {
    #expect(try AESGCM.seal([1, 2, 3], key: key) != AESGCM.seal([1, 2, 3], key: key))
  }

  @Test func anyChangedBitIsNoticed() throws {
    let sealed = try AESGCM.seal(Array("secret".utf8), key: key, associatedData: [7])
    for bit in 0..<sealed.count * 8 {
      var changed = sealed
      changed[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(
        kind { () throws(CryptoError) in try AESGCM.open(changed, key: key, associatedData: [7]) } == .notAuthentic)
    }
  }

  @Test func anotherKeyPlaceOrLengthIsNoticed() throws {
    let sealed = try AESGCM.seal(Array("secret".utf8), key: key, associatedData: [7])
    let other = [UInt8](repeating: 9, count: AESGCM.keyByteCount)
    #expect(
      kind { () throws(CryptoError) in try AESGCM.open(sealed, key: other, associatedData: [7]) } == .notAuthentic)
    #expect(kind { () throws(CryptoError) in try AESGCM.open(sealed, key: key, associatedData: [8]) } == .notAuthentic)
    #expect(kind { () throws(CryptoError) in try AESGCM.open(sealed, key: key) } == .notAuthentic)
    for count in 0..<sealed.count {
      let cut = Array(sealed.prefix(count))
      #expect(kind { () throws(CryptoError) in try AESGCM.open(cut, key: key, associatedData: [7]) } == .notAuthentic)
    }
    #expect(try AESGCM.open(sealed, key: key, associatedData: [7]) == Array("secret".utf8))
  }

  @Test func aKeyOfAnotherSizeIsRefused() {
    for count in [0, 16, 31, 33] {
      #expect(
        kind { () throws(CryptoError) in try AESGCM.seal([1], key: [UInt8](repeating: 0, count: count)) } == .badKey)
    }
  }

  private func kind(_ body: () throws(CryptoError) -> [UInt8]) -> CryptoError.Kind? {
    do throws(CryptoError) {
      _ = try body()
      return nil
    } catch {
      return error.kind
    }
  }
}
