import Bytes
import Crypto
import Testing

struct CryptoTests {
  /// FIPS 180-4's examples.
  @Test func sha256OfKnownTexts() {
    #expect(
      Hex.encode(SHA256.hash([])) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(
      Hex.encode(SHA256.hash(Array("abc".utf8))) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }

  /// RFC 4231 §4.3.
  @Test func hmacOfAKnownText() {
    let code = HMACSHA256.authenticate(Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8))
    #expect(Hex.encode(code) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
  }

  @Test func randomBytesHaveTheAskedLengthAndDiffer() {
    #expect(Random.bytes(0).isEmpty)
    #expect(Random.bytes(33).count == 33)
    #expect(Random.bytes(16) != Random.bytes(16))
    #expect(Random.uint64() != Random.uint64())
    #expect(Set(Random.words(8)).count == 8)
  }

  @Test func secretsAreEqualOnlyByteForByte() {
    #expect(SecureCompare.equal([1, 2, 3], [1, 2, 3]))
    #expect(!SecureCompare.equal([1, 2, 3], [1, 2, 4]))
    #expect(!SecureCompare.equal([1, 2, 3], [1, 2]))
    #expect(SecureCompare.equal([], []))
  }
}
