import HTTP
import TestSupport
import Testing

@Suite struct URITests {
  @Test func partsAreTakenApart() throws {
    let uri = try #require(URI("HTTPS://Agents.Example:8443/a%20b/c?x=1&y?z"))
    #expect(uri.scheme == "https" && uri.isSecure)
    #expect(uri.host == "agents.example")
    #expect(uri.port == 8443 && uri.effectivePort == 8443)
    #expect(uri.path == "/a%20b/c")
    #expect(uri.query == "x=1&y?z")
    #expect(uri.authority == "agents.example:8443")
    #expect(uri.target == "/a%20b/c?x=1&y?z")
  }

  @Test(arguments: [
    ("http://a", "a", 80, "/"), ("https://a", "a", 443, "/"), ("http://a?q", "a", 80, "/?q"),
    ("http://a/", "a", 80, "/"),
    ("http://127.0.0.1:1/x", "127.0.0.1", 1, "/x"), ("http://[::1]:8080/x", "::1", 8080, "/x"),
    ("http://[fe80::1]", "fe80::1", 80, "/"),
    ("http://a/?", "a", 80, "/?"),
  ])
  func defaultsAreFilledIn(text: String, host: String, port: Int, target: String) throws {
    let uri = try #require(URI(text))
    #expect(uri.host == host)
    #expect(uri.effectivePort == port)
    #expect(uri.target == target)
  }

  @Test func addressesOfIPv6KeepTheirBracketsInAuthorities() {
    #expect(URI("http://[::1]:8080/")?.authority == "[::1]:8080")
  }

  @Test(arguments: [
    "", "a", "/a", "a/b", "//a", "ftp://a", "http:/a", "http:a", "http://", "http:///x", "http://:80", "http://a:",
    "http://a:0",
    "http://a:65536", "http://a:123456", "http://a:+1", "http://a:8x", "http://u@a", "http://u:p@a", "http://a b",
    "http://a/b c",
    "http://a/#f", "http://a#f", "http://[::1", "http://::1", "http://[::1]x", "http://[a]", "http://[]", "http://a\\b",
    "http://a%20b/",
    "http://é/", "http://a\n", "javascript://a", " http://a",
  ])
  func otherTextIsRefused(text: String) { #expect(URI(text) == nil) }

  @Test func lengthIsBounded() {
    #expect(URI("http://a/" + String(repeating: "x", count: 8183)) != nil)
    #expect(URI("http://a/" + String(repeating: "x", count: 8184)) == nil)
  }

  /// RFC 3986 §5.4, as far as it is about these schemes.
  @Test(arguments: [
    ("g", "/b/c/g"), ("./g", "/b/c/g"), ("g/", "/b/c/g/"), ("/g", "/g"), ("?y", "/b/c/d;p?y"), ("g?y", "/b/c/g?y"),
    ("#s", "/b/c/d;p?q"), ("g#s", "/b/c/g"), (";x", "/b/c/;x"), ("", "/b/c/d;p?q"), (".", "/b/c/"), ("./", "/b/c/"),
    ("..", "/b/"), ("../g", "/b/g"), ("../..", "/"), ("../../g", "/g"), ("../../../g", "/g"), ("/./g", "/g"),
    ("/../g", "/g"), ("g.", "/b/c/g."), ("..g", "/b/c/..g"), ("./g/.", "/b/c/g/"), ("g/../h", "/b/c/h"),
    ("g?y/../x", "/b/c/g?y/../x"), ("//a:8080/g", "/g"), ("http://a:8080/x/../g", "/x/../g"),
  ])
  func referencesAreResolved(reference: String, target: String) throws {
    let base = try #require(URI("http://a:8080/b/c/d;p?q"))
    let resolved = try #require(base.resolving(reference))
    #expect(resolved.target == target)
    #expect(resolved.hasSameOrigin(as: base))
  }

  @Test(arguments: ["ftp://a/b", "javascript:alert(1)", "//u@a/b", "/a b", "a:b", "http:///"])
  func referencesToElsewhereThanTheWebAreRefused(reference: String) throws {
    #expect(try #require(URI("http://a/")).resolving(reference) == nil)
  }

  @Test func originsAreSchemeHostAndPort() throws {
    let base = try #require(URI("https://a.test/x"))
    for same in ["https://A.test/y", "https://a.test:443/?q"] {
      #expect(try base.hasSameOrigin(as: #require(URI(same))))
    }
    for other in ["http://a.test:443/x", "https://b.test/x", "https://a.test:444/x"] {
      #expect(try !base.hasSameOrigin(as: #require(URI(other))))
    }
  }
}

@Suite struct PercentEncodingTests {
  @Test(arguments: [
    ("a", "a"), ("a%20b", "a b"), ("%2F", "/"), ("%c3%A9", "é"), ("a+b", "a+b"), ("", ""), ("%25", "%"),
  ])
  func escapesAreDecoded(text: String, decoded: String) { #expect(PercentEncoding.decodePath(text) == decoded) }

  @Test(arguments: ["%", "%2", "%zz", "%%20", "a%2", "%00", "%0a", "%0D", "%7f", "%ff", "%c3", "%ed%a0%80", "%c0%af"])
  func badEscapesControlCharactersAndBadUTF8AreRefused(text: String) {
    #expect(PercentEncoding.decodePath(text) == nil)
  }

  @Test func onlyUnreservedCharactersStayAsTheyAre() {
    #expect(PercentEncoding.encodePathSegment("aZ09-._~/ ?%é") == "aZ09-._~%2F%20%3F%25%C3%A9")
    #expect(PercentEncoding.decodePath(PercentEncoding.encodePathSegment("a/b é%")) == "a/b é%")
  }
}

@Suite struct QueryParametersTests {
  @Test func parametersAreDecodedInOrder() throws {
    let query = try #require(QueryParameters("a=1&b=x+y%26&a=2&c&d=&&e=f=g"))
    #expect(query.names == ["a", "b", "a", "c", "d", "e"])
    #expect(query.first("a") == "1")
    #expect(query.values("a") == ["1", "2"])
    #expect(query.first("b") == "x y&")
    #expect(query.first("c") == "")
    #expect(query.first("e") == "f=g")
    #expect(query.first("x") == nil)
  }

  @Test func badEscapesAndTooManyAreRefused() {
    #expect(QueryParameters("a=%zz") == nil)
    #expect(QueryParameters("%=1") == nil)
    #expect(QueryParameters(String(repeating: "a&", count: 100)) != nil)
    #expect(QueryParameters(String(repeating: "a&", count: 101)) == nil)
  }
}

@Suite struct MediaTypeTests {
  @Test func partsAreTakenApart() throws {
    let type = try #require(MediaType("Application/A2A+JSON; Charset=UTF-8;q=\"a;b \\\"c\\\"\" ; "))
    #expect(type.type == "application")
    #expect(type.subtype == "a2a+json")
    #expect(type.parameters == ["charset": "UTF-8", "q": "a;b \"c\""])
    #expect(MediaType("text/plain")?.parameters.isEmpty == true)
    #expect(MediaType(" text/plain ;") != nil)
  }

  @Test(arguments: [
    "", "text", "text/", "/plain", "text/plain/x", "te xt/plain", "text/plain x", "text/plain;x", "text/plain;x=",
    "text/plain;=y",
    "text/plain;x=\"y", "text/plain;x=\"y\\\"", "text/plain;x=y;x=z", "text/plain;x=y z", "text/plain,text/html",
  ])
  func otherTextIsRefused(text: String) { #expect(MediaType(text) == nil) }
}

@Suite struct HTTPDateTests {
  @Test(
    arguments: [
      (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
      (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
      (1_767_225_599, "Wed, 31 Dec 2025 23:59:59 GMT"), (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
    ] as [(Int64, String)])
  func textIsThatOfTheStandard(seconds: Int64, text: String) {
    #expect(String(decoding: HTTPDate.text(unixSeconds: seconds), as: UTF8.self) == text)
    #expect(HTTPDate.unixSeconds(text) == seconds)
  }

  @Test(arguments: [
    "", "784111777", "Sun, 06 Nov 1994 08:49:37 UTC", "Mon, 06 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 24:49:37 GMT", "Wed, 30 Feb 2000 00:00:00 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
    "Sun Nov  6 08:49:37 1994", "Sun, 06 Nov 1994 08:49:3x GMT", "Sun, 06 Nov 1994 08:49:37 GMT ",
    "Sun, 06 Nux 1994 08:49:37 GMT", "Wed, 31 Dec 1969 23:59:59 GMT",
  ])
  func otherDatesAreRefused(text: String) { #expect(HTTPDate.unixSeconds(text) == nil) }
}
