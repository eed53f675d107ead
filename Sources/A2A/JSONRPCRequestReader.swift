public import JSON
public import Model

/// The envelope of a JSON-RPC 2.0 call.
public struct JSONRPCRequest {
  /// A string, a number or null, as its own text: it is echoed byte for byte. A call without one is answered with null.
  public var id: JSONFragment
  public var method: String
  /// An object, or nil when absent or null.
  public var params: JSONNode?
}

/// Why an envelope was refused, and the id to answer with: the request's where it could be read, else null.
public struct JSONRPCFault: Error, Sendable {
  public var error: AgentError
  public var id: JSONFragment

  static let nullID = JSONFragment(.null)
}

/// Reads the envelope of a JSON-RPC request. Batches are refused, as both official servers do.
public enum JSONRPCRequestReader {
  /// - Throws: parse error (-32700), invalid request (-32600), or invalid params when they are an array.
  public static func read(_ body: [UInt8], limits: JSONLimits = .default) throws(JSONRPCFault) -> JSONRPCRequest {
    let document: JSONDocument
    do {
      document = try JSONDocument.parse(body, limits: limits)
    } catch {
      throw JSONRPCFault(
        error: AgentError(.parseError, "The body is not JSON: \(error.message) at byte \(error.offset)."),
        id: JSONRPCFault.nullID)
    }
    return try read(document.root)
  }

  static func read(_ root: JSONNode) throws(JSONRPCFault) -> JSONRPCRequest {
    guard root.kind == .object else {
      throw invalid(
        root.kind == .array ? "Batches are not supported." : "The request must be an object.", id: JSONRPCFault.nullID)
    }
    guard let id = identifier(in: root) else {
      throw invalid("id must be a string, a number or null.", id: JSONRPCFault.nullID)
    }
    guard let version = root.place(of: "jsonrpc"), root.equals("2.0", at: version) else {
      throw invalid("jsonrpc must be \"2.0\".", id: id)
    }
    guard let place = root.place(of: "method"), let method = root.string(at: place) else {
      throw invalid("method must be a string.", id: id)
    }
    guard method.utf8.count <= A2ALimits.methodBytesMax else {
      throw JSONRPCFault(error: AgentError(.methodNotFound, "Method not found."), id: id)
    }
    guard let params = root.place(of: "params") else { return JSONRPCRequest(id: id, method: method, params: nil) }
    switch root.kind(at: params) {
    case .null: return JSONRPCRequest(id: id, method: method, params: nil)
    case .object: return JSONRPCRequest(id: id, method: method, params: root[params])
    case .array: throw JSONRPCFault(error: .invalidField("params", "Must be an object."), id: id)
    default: throw invalid("params must be an object.", id: id)
    }
  }

  private static func identifier(in root: JSONNode) -> JSONFragment? {
    guard let place = root.place(of: "id") else { return JSONRPCFault.nullID }
    switch root.kind(at: place) {
    case .null: return JSONRPCFault.nullID
    case .string, .number:
      let fragment = root.fragment(at: place)
      return fragment.bytes.count <= A2ALimits.requestIDBytesMax ? fragment : nil
    case .bool, .array, .object: return nil
    }
  }

  private static func invalid(_ message: String, id: JSONFragment) -> JSONRPCFault {
    JSONRPCFault(error: AgentError(.invalidRequest, message), id: id)
  }
}
