import Bytes
import Crypto
import Testing

struct SignatureTests {
  // MARK: Known signatures

  /// RFC 7515 A.2 and A.3 (RS256, ES256), RFC 8037 A.4 (EdDSA), and a signature that OpenSSL's users know (ES384).
  @Test(arguments: KnownSignature.all) func knownSignaturesAreValidAndChangedOnesAreNot(_ known: KnownSignature) throws
  {
    let key = try VerificationKey(known.key)
    let message = Array(known.message.utf8)
    let signature = try bytes(known.signature)
    #expect(key.algorithm == known.key.algorithm)
    #expect(key.isValid(signature, of: message))
    for place in [0, signature.count / 2, signature.count - 1] {
      var changed = signature
      changed[place] ^= 1
      #expect(!key.isValid(changed, of: message))
    }
    #expect(!key.isValid(signature, of: message + [0]))
    #expect(!key.isValid(signature, of: Array(message.dropLast())))
    for wrong in [[], [0], signature + [0], Array(signature.dropLast()), [UInt8](repeating: 0, count: signature.count)]
    {
      #expect(!key.isValid(wrong, of: message))
    }
    // It is still good.
    #expect(key.isValid(signature, of: message))
  }

  /// Every other key says no.
  @Test func eachSignatureIsOfItsOwnKey() throws {
    let all = KnownSignature.all
    for (index, known) in all.enumerated() {
      for (other, key) in all.enumerated() where other != index {
        #expect(try !VerificationKey(key.key).isValid(bytes(known.signature), of: Array(known.message.utf8)))
      }
    }
  }

  struct KnownSignature: Sendable, CustomTestStringConvertible {
    var key: PublicKeyParameters
    var message: String
    var signature: String

    var testDescription: String { key.algorithm.rawValue }

    private static let claims =
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

    static let all = [
      KnownSignature(
        key: .rsa(modulus: read(rfc7515Modulus), exponent: [1, 0, 1]), message: "eyJhbGciOiJSUzI1NiJ9.\(claims)",
        signature:
          "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdb"
          + "F9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOL"
          + "n6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrB"
          + "p0igcN_IoypGlUPQGe77Rw"),
      KnownSignature(
        key: .p256(
          x: read("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"), y: read("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")
        ),
        message: "eyJhbGciOiJFUzI1NiJ9.\(claims)",
        signature: "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"),
      KnownSignature(
        key: .p384(
          x: read("8iaXKYsHu6WF8m5bo64l6k0oZdHZc157ZZK4j3spAcqYKpLrDWQjzDaBquTOo64w"),
          y: read("0xYiaKH1ap39eQ5VZX2WDi5bxRbcX8471QweB45o-I5TB_qz15j_6nUt87BkW6aZ")),
        message: "message",
        signature:
          "t09CcFZH4DqpD8uAw9uiAUVP7Sp0kH1FNQDlbcQzyID0cz4QwiCEoLrqaCq1uPTUzEmK-1xTHa1IU_iBlW6DqPtDDTOJ3WXzvf4j9P0P"
          + "Y2-u0ZSia8DbaOurlD5ML9q_"),
      KnownSignature(
        key: .ed25519(x: read("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")),
        message: "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
        signature: "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"),
    ]

    /// Empty where it cannot be read, which no key accepts.
    private static func read(_ text: String) -> [UInt8] { Base64.decode(text) ?? [] }
  }

  private static let rfc7515Modulus =
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_"
    + "YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uD"
    + "Zlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"

  // MARK: Thumbprints

  /// RFC 7638 §3.1, RFC 8037 A.3.
  @Test func thumbprintsAreThoseOfTheStandards() throws {
    let modulus =
      "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64"
      + "tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91"
      + "CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    let rsa = try VerificationKey(.rsa(modulus: bytes(modulus), exponent: [1, 0, 1]))
    #expect(rsa.thumbprint == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")
    let edwards = try VerificationKey(.ed25519(x: bytes("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")))
    #expect(edwards.thumbprint == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
  }

  // MARK: Own keys

  @Test(arguments: [SignatureAlgorithm.es256, .edDSA]) func aNewKeySignsAndComesBackFromItsText(
    _ algorithm: SignatureAlgorithm
  ) throws {
    let key = try SigningKey.generate(algorithm)
    #expect(key.algorithm == algorithm)
    let message = Random.bytes(1000)
    let signature = try key.sign(message)
    #expect(signature.count == 64)
    #expect(key.verificationKey.isValid(signature, of: message))
    let pem = try key.pem()
    #expect(String(decoding: pem, as: UTF8.self).hasPrefix("-----BEGIN PRIVATE KEY-----\n"))
    let again = try SigningKey(pem: pem)
    #expect(again.verificationKey.parameters == key.verificationKey.parameters)
    #expect(try key.verificationKey.isValid(again.sign(message), of: message))
    let other = try SigningKey.generate(algorithm)
    #expect(other.verificationKey.thumbprint != key.verificationKey.thumbprint)
    #expect(!other.verificationKey.isValid(signature, of: message))
    #expect(try VerificationKey(key.verificationKey.parameters).isValid(signature, of: message))
  }

  /// Numbers with leading zeros keep their size: one signature in 128 has one.
  @Test func signaturesHaveOneSize() throws {
    let key = try SigningKey.generate(.es256)
    for number in 0..<UInt16(600) {
      let message = [UInt8(number & 255), UInt8(number >> 8)]
      let signature = try key.sign(message)
      #expect(signature.count == 64)
      #expect(key.verificationKey.isValid(signature, of: message))
    }
  }

  @Test func onlyKeysOfKnownKindsAreMade() {
    for algorithm in [SignatureAlgorithm.rs256, .es384] {
      #expect(throws: CryptoError.self) { try SigningKey.generate(algorithm) }
    }
  }

  // MARK: PEM

  private static let secp256k1 = pem(
    "MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAElcKjrDzQB6aviTJCq2Ly1IpbV2dxEXxNWya9Y5KN6lntMd1BVDm+kLAR5jOXDd3MJ/smo51faeNI8nSxViua4Q=="
  )
  private static let rsa1024 = pem(
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC+ZCSL3gM3BAlK0JKeBs5kdIbG6SFEyIqYIALijpeoDL+s/tB4OQ9etthqKACT4qLQKFOUWkJZKo8ESkZk"
      + "qh3Jr1Q9EA0Qy+3Qp3FDaINce1N3zfrPYqLWQKMpMl48hzs+xKqVxjXf0v6IKPhJ+OrxoucJD6QrFolR9Pg2N1qb2wIDAQAB")
  private static let edwards = pem("MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")

  private static func pem(_ content: String) -> [UInt8] {
    Array("-----BEGIN PUBLIC KEY-----\n\(content)\n-----END PUBLIC KEY-----\n".utf8)
  }

  @Test func aPublicKeyIsReadFromItsText() throws {
    let key = try VerificationKey(pem: SignatureTests.edwards)
    #expect(key.thumbprint == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
  }

  @Test func otherTextsAreNoKeys() throws {
    let privatePEM = try SigningKey.generate(.es256).pem()
    for (pem, reason) in [
      ([], "this is no public key in PEM form"), (Array("hello".utf8), "this is no public key"),
      (Array(SignatureTests.edwards.dropLast(40)), "this is no public key"), (privatePEM, "this is no public key"),
      (SignatureTests.secp256k1, "this kind of key is not supported"), (SignatureTests.rsa1024, "this one has 1024"),
    ] as [([UInt8], String)] {
      let error = #expect(throws: CryptoError.self) { try VerificationKey(pem: pem) }
      #expect(error?.kind == .badKey)
      #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }
    for pem in [[], Array("hello".utf8), SignatureTests.edwards, Array(privatePEM.dropLast(40))] {
      #expect(throws: CryptoError.self) { try SigningKey(pem: pem) }
    }
    let encrypted =
      "MIH0MF8GCSqGSIb3DQEFDTBSMDEGCSqGSIb3DQEFDDAkBBB5LAGTvpAiAq/48GaVZWqxAgIIADAMBggqhkiG9w0CCQUAMB0GCWCGSAFlAwQBKgQQuskw"
      + "5YczSSpNZbl2GoOjdwSBkPXXj405Qav32eZejrMOa4sPZ1qSAOWH48L/OWudBbK6J0xyZklc7n2v7fCF+sH6SXAWkEepZ6kkDDgzDCXyeoXIN97yW/kA"
      + "mlg5ulDsi837NhepmQwDjB5Q2aPgk64IJtXAnRa3BjEzE08Y0kniO+UV0dsrf15L7hYNFPaznRwqmOAOMAMwxVCKjcn6XiYFNQ=="
    let text = "-----BEGIN ENCRYPTED PRIVATE KEY-----\n\(encrypted)\n-----END ENCRYPTED PRIVATE KEY-----\n"
    let error = #expect(throws: CryptoError.self) { try SigningKey(pem: Array(text.utf8)) }
    #expect(error?.message.contains("unencrypted") == true)
  }

  // MARK: Numbers that are no key

  @Test func pointsThatAreNotOnTheCurveAreRefused() throws {
    let x = try bytes("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU")
    var y = try bytes("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")
    #expect(throws: Never.self) { try VerificationKey(.p256(x: x, y: y)) }
    y[31] ^= 1
    for parameters in [
      PublicKeyParameters.p256(x: x, y: y), .p256(x: x, y: []), .p256(x: x + [0], y: y), .p256(x: [], y: []),
      .p256(x: [UInt8](repeating: 0, count: 32), y: [UInt8](repeating: 0, count: 32)),
      .p256(x: [UInt8](repeating: 255, count: 32), y: [UInt8](repeating: 255, count: 32)),
      .p384(x: x, y: y), .p384(x: [UInt8](repeating: 1, count: 48), y: [UInt8](repeating: 1, count: 48)),
      .ed25519(x: []), .ed25519(x: Array(x.dropLast())), .ed25519(x: x + [0]),
    ] {
      #expect(throws: CryptoError.self) { try VerificationKey(parameters) }
    }
  }

  @Test func rsaKeysHaveSizes() throws {
    func key(_ bits: Int, exponent: [UInt8] = [1, 0, 1]) -> PublicKeyParameters {
      var modulus = [UInt8](repeating: 0xff, count: (bits + 7) / 8)
      modulus[0] = 0xff >> UInt8((8 - bits % 8) % 8)
      return .rsa(modulus: modulus, exponent: exponent)
    }
    for bits in [2048, 2050, 3072, 4096, 8192] { #expect(throws: Never.self) { try VerificationKey(key(bits)) } }
    for bits in [8, 1024, 2040, 2047, 8193, 16384] {
      #expect(throws: CryptoError.self) { try VerificationKey(key(bits)) }
    }
    for exponent in [[], [1], [2], [0, 3], [UInt8](repeating: 0xff, count: 9)] {
      #expect(throws: CryptoError.self) { try VerificationKey(key(2048, exponent: exponent)) }
    }
    #expect(throws: CryptoError.self) { try VerificationKey(.rsa(modulus: [], exponent: [1, 0, 1])) }
    #expect(throws: CryptoError.self) {
      try VerificationKey(.rsa(modulus: [0] + [UInt8](repeating: 0xff, count: 256), exponent: [1, 0, 1]))
    }
  }

  @Test func noAlgorithmWithoutAPublicKeyHasAName() {
    for name in ["none", "None", "", "HS256", "HS384", "HS512", "es256", "ES256K", "PS256", "RS1", "RSA-OAEP", "dir"] {
      #expect(SignatureAlgorithm(header: name) == nil)
    }
    #expect(SignatureAlgorithm(header: "ES256") == .es256)
    #expect(SignatureAlgorithm(header: "Ed25519") == .edDSA)
  }

  private func bytes(_ text: String) throws -> [UInt8] { try #require(Base64.decode(text)) }
}
