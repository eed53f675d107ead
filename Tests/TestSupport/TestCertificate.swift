import COpenSSL

/// A certificate made for a test: P-256, valid for a day around now.
// @unchecked: OpenSSL's objects are not changed after `init`, and reading them is safe from several threads.
@safe public final class TestCertificate: @unchecked Sendable {
  /// PEM.
  public let certificate: [UInt8]
  /// PEM.
  public let key: [UInt8]

  private let x509: OpaquePointer?
  private let pkey: OpaquePointer?

  /// An authority, or with `issuer` a certificate for the DNS names; `127.0.0.1` is added to every one.
  public init(name: String, dnsNames: [String] = [], issuer: TestCertificate? = nil) {
    let newKey = unsafe copenssl_new_ec_key()
    let new = unsafe X509_new()
    unsafe x509 = new
    unsafe pkey = newKey
    unsafe X509_set_version(new, 2)
    unsafe ASN1_INTEGER_set(X509_get_serialNumber(new), Int.random(in: 1...(1 << 40)))
    unsafe X509_gmtime_adj(X509_getm_notBefore(new), -3600)
    unsafe X509_gmtime_adj(X509_getm_notAfter(new), 86_400)
    unsafe X509_set_pubkey(new, newKey)
    let subject = unsafe X509_get_subject_name(new)
    unsafe X509_NAME_add_entry_by_txt(subject, "CN", V_ASN1_UTF8STRING, Array(name.utf8), Int32(name.utf8.count), -1, 0)
    unsafe X509_set_issuer_name(new, issuer.map { unsafe X509_get_subject_name($0.x509) } ?? subject)
    if issuer == nil {
      unsafe TestCertificate.extend(new, NID_basic_constraints, "critical,CA:TRUE")
    } else {
      let names = dnsNames.map { "DNS:\($0)" } + ["IP:127.0.0.1"]
      unsafe TestCertificate.extend(new, NID_subject_alt_name, names.joined(separator: ","))
    }
    unsafe X509_sign(new, issuer.map { unsafe $0.pkey } ?? newKey, EVP_sha256())
    certificate = unsafe PEMObjects.text { unsafe PEM_write_bio_X509($0, new) }
    key = unsafe PEMObjects.text { unsafe PEM_write_bio_PrivateKey($0, newKey, nil, nil, 0, nil, nil) }
  }

  deinit {
    unsafe X509_free(x509)
    unsafe EVP_PKEY_free(pkey)
  }

  private static func extend(_ certificate: OpaquePointer?, _ kind: Int32, _ value: String) {
    let newExtension = unsafe X509V3_EXT_conf_nid(nil, nil, kind, value)
    unsafe X509_add_ext(certificate, newExtension, -1)
    unsafe X509_EXTENSION_free(newExtension)
  }
}

/// PEM text to OpenSSL's objects and back.
enum PEMObjects {
  static func withCertificate(_ pem: [UInt8], _ body: (OpaquePointer?) -> Int32) throws {
    let source = unsafe BIO_new_mem_buf(pem, Int32(pem.count))
    defer { unsafe BIO_free(source) }
    // The BIO reads from `pem`, which lives to the end of this function.
    let certificate = unsafe PEM_read_bio_X509(source, nil, nil, nil)
    defer { unsafe X509_free(certificate) }
    guard unsafe body(certificate) == 1 else { throw RawClient.Failure("bad certificate") }
  }

  static func withKey(_ pem: [UInt8], _ body: (OpaquePointer?) -> Int32) throws {
    let source = unsafe BIO_new_mem_buf(pem, Int32(pem.count))
    defer { unsafe BIO_free(source) }
    // As above.
    let key = unsafe PEM_read_bio_PrivateKey(source, nil, nil, nil)
    defer { unsafe EVP_PKEY_free(key) }
    guard unsafe body(key) == 1 else { throw RawClient.Failure("bad key") }
  }

  static func text(_ write: (OpaquePointer?) -> Int32) -> [UInt8] {
    let target = unsafe BIO_new(BIO_s_mem())
    defer { unsafe BIO_free(target) }
    _ = unsafe write(target)
    var bytes = [UInt8](repeating: 0, count: unsafe BIO_ctrl_pending(target))
    // At most `bytes.count` bytes are written.
    unsafe BIO_read(target, &bytes, Int32(bytes.count))
    return bytes
  }
}
