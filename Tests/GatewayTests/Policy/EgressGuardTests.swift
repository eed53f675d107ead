import Configuration
import Network
import TestSupport
import Testing

@testable import Gateway

struct EgressGuardTests {
  @Test(arguments: [
    ("https://8.8.8.8/", "8.8.8.8:443"), ("https://8.8.4.4:8443/x", "8.8.4.4:8443"),
    ("https://[2606:4700::1111]/", "[2606:4700::1111]:443"), ("https://[::ffff:8.8.8.8]/", "[::ffff:8.8.8.8]:443"),
    ("https://agents.example/", "93.184.215.14:443"), ("https://agents.example.:444/", "93.184.215.14:444"),
  ])
  func publicAddressesMayBeCalledSecurely(_ url: String, _ address: String) throws {
    let stage = try FetchStage(["agents.example": ["93.184.215.14"], "agents.example.": ["93.184.215.14"]])
    #expect(try stage.verdict(url, stage.egress()).get().map(\.description) == [address])
  }

  /// One address of each kind, in each form in which it can be written.
  @Test(arguments: [
    ("https://10.0.0.7/", "10.0.0.7 is a private address"), ("https://172.16.3.4/", "172.16.3.4 is a private address"),
    ("https://192.168.1.1/", "is a private address"), ("https://127.0.0.1:8080/x", "127.0.0.1 is a loopback address"),
    ("https://127.8.9.10/", "is a loopback address"), ("https://[::1]/", "::1 is a loopback address"),
    ("https://169.254.169.254/latest/meta-data", "is a cloud metadata address"),
    ("https://169.254.1.1/", "is a link-local address"), ("https://[fe80::1]/", "is a link-local address"),
    ("https://100.64.0.1/", "is a shared address"), ("https://100.100.100.200/", "is a cloud metadata address"),
    ("https://168.63.129.16/", "is a cloud metadata address"),
    ("https://[fd00:ec2::254]/", "is a cloud metadata address"),
    ("https://[fc00::1]/", "is a private address"), ("https://[fd12:3456::1]/", "is a private address"),
    ("https://224.0.0.1/", "is a multicast address"), ("https://[ff02::1]/", "is a multicast address"),
    ("https://0.0.0.0/", "is an unspecified address"), ("https://[::]/", "is an unspecified address"),
    ("https://255.255.255.255/", "is a reserved address"), ("https://192.0.2.1/", "is a reserved address"),
    ("https://198.18.0.1/", "is a reserved address"), ("https://[2001:db8::1]/", "is a reserved address"),
    ("https://[::ffff:10.0.0.7]/", "a private address"), ("https://[::ffff:7f00:1]/", "a loopback address"),
    ("https://[::127.0.0.1]/", "a loopback address"), ("https://[64:ff9b::a9fe:a9fe]/", "a cloud metadata address"),
    ("https://[2002:7f00:1::]/", "a loopback address"), ("https://[2001:0:7f00:1::]/", "a reserved address"),
    ("https://[64:ff9b:1::a00:1]/", "a reserved address"),
  ])
  func addressesThatAreNotPublicAreRefused(_ url: String, _ reason: String) throws {
    let stage = try FetchStage()
    let message = try #require(try stage.refusal(url, stage.egress()))
    #expect(message.contains(reason), "\(message)")
    #expect(message.contains("egress.allow"))
  }

  /// What the system's resolver takes for 127.0.0.1 or 169.254.169.254.
  @Test(arguments: [
    "2130706433", "0x7f000001", "0x7f.1", "0x7f.0.0.0x1", "0177.0.0.1", "017700000001", "127.1", "127.0.1", "0",
    "127.0.0.1.", "2852039166", "0xa9.0xfe.0xa9.0xfe", "169.254.43518", "1.2.3.4.5", "a..b", ".a", "a.0x1",
  ])
  func addressesInOtherClothesAreRefused(_ host: String) throws {
    let stage = try FetchStage()
    let message = try #require(try stage.refusal("https://\(host)/", stage.egress()))
    #expect(message == "\(host) is neither a name nor an IP address in its usual form")
  }

  @Test(arguments: [
    (["10.0.0.7"], "agents.example resolves to a private address (10.0.0.7); "),
    (["127.0.0.1"], "agents.example resolves to a loopback address (127.0.0.1); "),
    (["::1"], "agents.example resolves to a loopback address (::1); "),
    (["8.8.8.8", "169.254.169.254"], "agents.example resolves to a cloud metadata address (169.254.169.254); "),
    (["2606:4700::1111", "fd00::7"], "agents.example resolves to a private address (fd00::7); "),
  ])
  func namesThatLeadToSuchAddressesAreRefused(_ addresses: [String], _ reason: String) throws {
    let stage = try FetchStage(["agents.example": addresses])
    let message = try #require(try stage.refusal("https://agents.example/", stage.egress()))
    #expect(message == reason + "egress.allow in the configuration names what may be called nevertheless")
  }

  @Test func thisMachinesOwnNamesAreRefusedByTheSystemsResolver() throws {
    let stage = try FetchStage()
    let message = try #require(try stage.refusal("https://localhost/", EgressGuard(EgressConfiguration())))
    #expect(message.hasPrefix("localhost resolves to a loopback address ("))
  }

  @Test func aNameWithoutAddressIsAFailureThatMayPass() throws {
    let stage = try FetchStage()
    guard case .failure(let refusal) = try stage.verdict("https://nowhere.example/", stage.egress()) else {
      return #expect(Bool(false), "nothing may be called")
    }
    #expect(refusal.isUnresolved)
    #expect(refusal.message == "nowhere.example has no address: unknown name")
  }

  @Test func networksAndNamesThatTheOperatorListsMayBeCalled() throws {
    let stage = try FetchStage(["partner.internal": ["10.0.0.7", "fd00::7"], "other.internal": ["10.0.0.8"]])
    let byNetwork = try stage.egress("10.0.0.0/8")
    #expect(try stage.refusal("https://10.1.2.3/", byNetwork) == nil)
    #expect(try stage.refusal("https://[::ffff:10.1.2.3]/", byNetwork) == nil)
    #expect(try stage.refusal("https://other.internal/", byNetwork) == nil)
    #expect(try stage.refusal("https://partner.internal/", byNetwork)?.contains("(fd00::7)") == true)
    #expect(try stage.refusal("https://11.0.0.1/", byNetwork) == nil)
    #expect(try stage.refusal("https://192.168.0.1/", byNetwork) != nil)
    let byName = try stage.egress("partner.internal")
    #expect(try stage.refusal("https://partner.internal/", byName) == nil)
    #expect(try stage.refusal("https://PARTNER.internal/", byName) == nil)
    #expect(try stage.refusal("https://other.internal/", byName) != nil)
    #expect(try stage.refusal("https://10.0.0.7/", byName) != nil)
    #expect(try stage.refusal("https://[fd00::7]/", stage.egress("fd00::/8")) == nil)
  }

  /// Whoever owns the name could otherwise point it at the credentials of the machine.
  @Test(arguments: ["169.254.169.254", "fd00:ec2::254", "169.254.0.5", "fe80::1", "0.0.0.0", "224.0.0.1"])
  func aListedNameDoesNotOpenWhatNoHostIs(_ address: String) throws {
    let stage = try FetchStage(["partner.example": [address]])
    #expect(try stage.refusal("https://partner.example/", stage.egress("partner.example")) != nil)
    #expect(try stage.refusal("https://partner.example/", stage.egress("partner.example", address)) == nil)
  }

  @Test func plainHTTPIsForListedHosts() throws {
    let stage = try FetchStage(["a.example": ["8.8.8.8"], "b.internal": ["10.0.0.1"]])
    for url in ["http://a.example/", "http://8.8.8.8/"] {
      #expect(try stage.refusal(url, stage.egress("10.0.0.0/8"))?.contains("is to be called by https") == true)
    }
    #expect(try stage.refusal("http://b.internal/", stage.egress("10.0.0.0/8")) == nil)
    #expect(try stage.refusal("http://a.example/", stage.egress("a.example")) == nil)
    #expect(try stage.refusal("http://8.8.8.8/", stage.egress("8.8.8.8")) == nil)
  }
}
