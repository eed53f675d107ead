internal import Bytes
internal import Configuration
internal import Crypto
internal import HTTP
internal import JSON
internal import Orq

/// The credentials of a registered agent as they are kept: their secret can be read with the master key only, and only as
/// what it is here. One that is moved to another agent, or to another token server, does not open there.
struct SealedCredentials: Sendable, Equatable {
  /// All but the secret. For those of ``OrqExternalCredentials`` that is empty.
  enum Open: Sendable, Equatable {
    case asked(OrqExternalCredentials)
    /// PEM files of this machine, named by its own operator.
    case certificate(ClientCertificateFiles)
  }

  var open: Open
  /// Nothing for a certificate.
  var sealed: [UInt8]
}

/// Files of the gateway's machine that calls to an agent need. Only its own operator names them, on the command line: a call
/// over the network could have the gateway read what it must not.
struct OperatorFiles: Sendable, Equatable {
  var certificate: ClientCertificateFiles?
  /// PEM: the authorities to trust instead of the system's.
  var authority: String?

  init(certificate: ClientCertificateFiles? = nil, authority: String? = nil) {
    self.certificate = certificate
    self.authority = authority
  }
}

/// A client certificate and its key. See ``OperatorFiles``.
struct ClientCertificateFiles: Sendable, Equatable {
  /// PEM: the certificate, then its chain.
  var certificate: String
  /// PEM.
  var key: String
}

// MARK: - Sealing and opening

extension SealedCredentials {
  init(_ files: ClientCertificateFiles) { self.init(open: .certificate(files), sealed: []) }

  /// - Parameters:
  ///   - asked: as a call states them. An empty secret, and the mask, stand for the one that is kept.
  ///   - kept: of the agent until now.
  /// - Throws: a fault that names the member, never its value.
  init(
    _ asked: OrqExternalCredentials, over kept: SealedCredentials?, of agent: String, _ seal: HeaderSeal
  ) throws(ExternalFault) {
    try ExternalCredentialRules.check(asked)
    let open = Open.asked(asked.with(secret: ""))
    if case .mutualTLS = asked {
      guard let kept, case .certificate = kept.open else {
        throw ExternalFault(
          .invalid,
          "credentials: the files of a certificate are named on the gateway's own machine: agents add --client-cert, or a "
            + "card file")
      }
      self = kept
      return
    }
    if asked.secret.isEmpty || asked.secret == SealedHeader.mask {
      guard let kept, let place = SealedCredentials.place(agent, open),
        place == SealedCredentials.place(agent, kept.open)
      else { throw ExternalFault(.invalid, "credentials: the secret is missing, and none is kept that could stay") }
      self.init(open: open, sealed: kept.sealed)
      return
    }
    do throws(CryptoError) {
      self.init(open: open, sealed: try seal.seal(asked.secret, at: SealedCredentials.place(agent, open) ?? []))
    } catch {
      throw ExternalFault(.notKept, "the credentials cannot be encrypted: \(error)")
    }
  }

  /// As calls to the agent need them.
  func credentials(of agent: String, _ seal: HeaderSeal) throws(CryptoError) -> ExternalCredentials? {
    switch open {
    case .certificate(let files): .mutualTLS(certificateFile: files.certificate, key: .file(files.key))
    case .asked(let asked):
      ExternalCredentials(asked.with(secret: try seal.open(sealed, at: SealedCredentials.place(agent, open) ?? [])))
    }
  }

  /// What a secret is sealed to. No header has an empty name, so that no header's value opens as this.
  private static func place(_ agent: String, _ open: Open) -> [UInt8]? {
    guard case .asked(let asked) = open else { return nil }
    let kind: String
    switch asked {
    case .bearer: kind = "bearer"
    case .apiKey: kind = "api_key"
    case .basic: kind = "basic"
    case .oauth2(let client): kind = "oauth2\u{0}\(client.tokenURL)"
    case .mutualTLS: return nil
    }
    return Array("\(agent)\u{0}\u{0}\(kind)".utf8)
  }
}

extension ExternalCredentials {
  /// Those of a call; nothing for a certificate, which is another matter.
  init?(_ asked: OrqExternalCredentials) {
    switch asked {
    case .bearer(let token): self = .bearer(.text(token))
    case .apiKey(let name, let location, let value):
      let place: Location =
        switch location {
        case .header: .header
        case .query: .query
        case .cookie: .cookie
        }
      self = .apiKey(name: name, location: place, value: .text(value))
    case .basic(let user, let password): self = .basic(user: user, password: .text(password))
    case .oauth2(let client):
      self = .oauth2(
        ClientCredentials(
          tokenURL: client.tokenURL, clientID: client.clientID, clientSecret: .text(client.secret),
          scopes: client.scopes, audience: client.audience))
    case .mutualTLS: return nil
    }
  }
}

// MARK: - As JSON

extension SealedCredentials {
  /// As answers have them: what is secret is masked, and what lies where on this machine is told on this machine only.
  func show(into json: inout JSONWriter, withFiles: Bool) {
    switch open {
    case .asked(let asked): asked.with(secret: SealedHeader.mask).write(into: &json)
    case .certificate(let files):
      json.beginObject()
      json.member("type", "mtls")
      if withFiles { files.writeMembers(into: &json) }
      json.endObject()
    }
  }

  /// As the record of the agent has them.
  func write(into json: inout JSONWriter) {
    json.beginObject()
    switch open {
    case .asked(let asked):
      json.key("asked")
      asked.write(into: &json)
      json.member("sealed", Base64.encode(sealed))
    case .certificate(let files): files.writeMembers(into: &json)
    }
    json.endObject()
  }

  init(_ node: JSONNode) throws(RecordFault) {
    let reader = RecordReader(node)
    guard let asked = node["asked"] else {
      self.init(
        ClientCertificateFiles(certificate: try reader.string("certificate"), key: try reader.string("key")))
      return
    }
    guard let sealed = Base64.decode(try reader.string("sealed")) else {
      throw RecordFault(description: "the secret of the credentials is not base64")
    }
    do throws(OrqFault) {
      self.init(open: .asked(try OrqExternalCredentials.decode(asked)), sealed: sealed)
    } catch {
      throw RecordFault(description: "\"credentials\" cannot be read: \(error.message)")
    }
  }
}

extension ClientCertificateFiles {
  fileprivate func writeMembers(into json: inout JSONWriter) {
    json.member("certificate", certificate)
    json.member("key", key)
  }
}
