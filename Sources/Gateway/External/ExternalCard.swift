internal import A2A
internal import Configuration
internal import HTTP
internal import JSON
internal import Model

/// A card that an external agent may be exposed with: valid, within bounds, and callable.
struct ExternalCard: Sendable {
  /// As it came, but for blanks.
  let document: JSONFragment
  let card: AgentCard
  let interfaces: ExternalInterfaces

  /// What one card may hold; its bytes are bounded where it is fetched.
  private enum Bounds {
    static let skillsMax = 256
    static let interfacesMax = 32
    static let schemesMax = 32
    static let extensionsMax = 64
    static let modesMax = 64
    static let signaturesMax = 16
    static let nameBytesMax = 256
    static let textBytesMax = 16 * 1024
  }

  /// - Throws: one fault that lists all that is wrong with the card.
  init(_ document: JSONValue, for agent: ExternalAgentConfiguration, egress: EgressConfiguration)
    throws(ExternalFault)
  {
    let card: AgentCard
    do throws(AgentCardFaults) {
      card = try AgentCardCodec.decode(document)
    } catch {
      throw ExternalCard.fault(error.faults)
    }
    let faults = ExternalCard.excesses(of: card)
    guard faults.isEmpty else { throw ExternalCard.fault(faults) }
    let interfaces = ExternalInterfaces(card, pin: agent.pin, hosts: ExternalHosts(agent, egress: egress))
    guard !interfaces.stated.isEmpty else {
      throw ExternalFault(
        .card, "no interface of the card can be called: \(ForeignText.list(interfaces.refusals))")
    }
    self.document = JSONFragment(document)
    self.card = card
    self.interfaces = interfaces
  }

  /// Whether a document looks like a card at all, however faulty: what else a server may answer with 200 is passed over
  /// in a search.
  static func isLikely(_ document: JSONValue) -> Bool {
    guard let object = document.object else { return false }
    return ["supportedInterfaces", "skills", "capabilities", "protocolVersion", "defaultInputModes"].contains {
      object[$0] != nil
    }
  }

  private static func fault(_ faults: [AgentCardFault]) -> ExternalFault {
    let list = faults.map { fault in
      let message = ForeignText.shown(fault.message, charactersMax: 200)
      return fault.path.isEmpty ? message : "\(ForeignText.shown(fault.path, charactersMax: 200)): \(message)"
    }
    return ExternalFault(.card, "the card is not valid: \(ForeignText.list(list, max: 32, separator: " "))")
  }

  private static func excesses(of card: AgentCard) -> [AgentCardFault] {
    var faults: [AgentCardFault] = []
    func check(_ path: String, _ count: Int, _ max: Int) {
      guard count > max else { return }
      faults.append(AgentCardFault(path: path, message: "Has \(count) elements; \(max) are the limit."))
    }
    func check(_ path: String, _ text: String, _ max: Int) {
      if text.utf8.count > max { faults.append(AgentCardFault(path: path, message: "Is longer than \(max) bytes.")) }
    }
    check("skills", card.skills.count, Bounds.skillsMax)
    check("supportedInterfaces", card.supportedInterfaces.count, Bounds.interfacesMax)
    check("securitySchemes", card.securitySchemes.count, Bounds.schemesMax)
    check("capabilities.extensions", card.capabilities.extensions.count, Bounds.extensionsMax)
    check("defaultInputModes", card.defaultInputModes.count, Bounds.modesMax)
    check("defaultOutputModes", card.defaultOutputModes.count, Bounds.modesMax)
    check("signatures", card.signatures.count, Bounds.signaturesMax)
    check("name", card.name, Bounds.nameBytesMax)
    check("version", card.version, Bounds.nameBytesMax)
    check("description", card.description, Bounds.textBytesMax)
    return faults
  }
}

/// What a newer card changes that an operator should look at: where calls go, how they prove themselves, what is lost.
enum CardDrift {
  /// A sentence for each change; empty where nothing of the kind has changed.
  static func changes(from old: ExternalCard, to new: ExternalCard) -> [String] {
    var changes: [String] = []
    let oldHosts = Set(old.interfaces.stated.map(\.url.authority))
    let newHosts = Set(new.interfaces.stated.map(\.url.authority))
    if !newHosts.isSubset(of: oldHosts) {
      let added = ForeignText.list(newHosts.subtracting(oldHosts).sorted(), separator: ", ")
      changes.append("calls would go to \(added) instead of \(ForeignText.list(oldHosts.sorted(), separator: ", "))")
    }
    for scheme in old.card.securitySchemes {
      let now = new.card.securitySchemes.first { $0.name == scheme.name }
      let name = ForeignText.shown(scheme.name)
      if now == nil {
        changes.append("the security scheme \(name) is gone")
      } else if now?.scheme.kind != scheme.scheme.kind {
        changes.append("the security scheme \(name) has changed")
      }
    }
    if !old.card.securityRequirements.isEmpty, new.card.securityRequirements.isEmpty {
      changes.append("calls need no security scheme any more")
    }
    let skills = Set(new.card.skills.map(\.id))
    for skill in old.card.skills where !skills.contains(skill.id) {
      changes.append("the skill \(ForeignText.shown(skill.id)) is gone")
    }
    return changes
  }
}

/// What the signatures of a card are worth.
struct SignatureVerdict: Sendable, Equatable {
  enum State: String, Sendable {
    /// Nobody looked.
    case unchecked
    case unsigned
    /// A trusted key has signed it as it is.
    case valid
    /// Signed, but by no key that is trusted here.
    case untrusted
    /// No signature holds.
    case invalid
  }

  var state: State
  /// The key that signed, or why none counts.
  var note: String = ""

  static let unchecked = SignatureVerdict(state: .unchecked)

  init(state: State, note: String = "") {
    self.state = state
    self.note = note
  }

  init(_ node: JSONNode?) {
    state = node?["state"]?.string.flatMap { State(rawValue: $0) } ?? .unchecked
    note = node?["note"]?.string ?? ""
  }

  var json: JSONValue { ["state": .string(state.rawValue), "note": .string(note)] }
}
