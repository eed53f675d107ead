import Bytes
import JSON

/// Results in rows: printed as aligned columns, or as an array of JSON objects.
struct Table {
  enum Value {
    case text(String)
    case count(Int)
    /// With so many digits behind the point.
    case number(Double, digits: Int)
    case missing
  }

  private let columns: [String]
  private(set) var rows: [[Value]] = []

  init(_ columns: [String]) { self.columns = columns }

  mutating func add(_ row: [Value]) {
    precondition(row.count == columns.count, "a value for every column")
    rows.append(row)
  }

  func print(json: Bool) { Console.print(json ? jsonText : text) }

  var text: String {
    let cells = [columns] + rows.map { $0.map(\.text) }
    let widths = columns.indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
    return cells.map { row in
      row.indices.map { column in
        isText(column) ? row[column].padded(to: widths[column]) : row[column].aligned(to: widths[column])
      }.joined(separator: "  ")
    }.joined(separator: "\n")
  }

  private func isText(_ column: Int) -> Bool {
    rows.contains { if case .text = $0[column] { true } else { false } }
  }

  private var jsonText: String {
    var json = JSONWriter(reserving: 4096)
    json.beginArray()
    for row in rows {
      json.beginObject()
      for (column, value) in zip(columns, row) {
        json.key(string: column)
        value.write(to: &json)
      }
      json.endObject()
    }
    json.endArray()
    return String(decoding: json.finish(), as: UTF8.self)
  }
}

extension Table.Value {
  static func number(_ value: Double?, digits: Int) -> Table.Value {
    value.map { .number($0, digits: digits) } ?? .missing
  }

  fileprivate var text: String {
    switch self {
    case .text(let text): text
    case .count(let count): grouped(String(count))
    case .number(let value, let digits): fixed(value, digits)
    case .missing: "–"
    }
  }

  fileprivate func write(to json: inout JSONWriter) {
    switch self {
    case .text(let text): json.string(text)
    case .count(let count): json.int(count)
    case .number(let value, let digits) where value.isFinite: json.number(text: fixed(value, digits, isGrouped: false))
    case .number, .missing: json.null()
    }
  }

  private func fixed(_ value: Double, _ digits: Int, isGrouped: Bool = true) -> String {
    guard value.isFinite, abs(value) < 1e12 else { return "–" }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let scaled = String(Int((abs(value) * scale).rounded()))
    let padded = String(repeating: "0", count: max(0, digits + 1 - scaled.count)) + scaled
    let whole = String(padded.dropLast(digits))
    let sign = value < 0 ? "-" : ""
    return sign + (isGrouped ? grouped(whole) : whole) + (digits > 0 ? "." + padded.suffix(digits) : "")
  }

  /// `12345` as `12,345`.
  private func grouped(_ digits: String) -> String {
    var result = ""
    for (position, digit) in digits.enumerated() {
      if position > 0, (digits.count - position) % 3 == 0, digit != "-" { result.append(",") }
      result.append(digit)
    }
    return result
  }
}
