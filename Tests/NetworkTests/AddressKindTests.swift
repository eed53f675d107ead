import Network
import Testing

struct AddressKindTests {
  /// The first and the last address of each range, and what lies beside it.
  @Test(arguments: [
    (AddressKind.unspecified, ["0.0.0.0", "0.255.255.255", "::"]),
    (.private, ["10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0", "192.168.255.255"]),
    (.private, ["fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fec0::1", "fd00:ec2::1"]),
    (.shared, ["100.64.0.0", "100.127.255.255"]),
    (.loopback, ["127.0.0.0", "127.255.255.255", "::1"]),
    (.linkLocal, ["169.254.0.0", "169.254.255.255", "fe80::", "febf:ffff::1"]),
    (.metadata, ["169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "192.0.0.192"]),
    (.metadata, ["fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254"]),
    (.multicast, ["224.0.0.0", "239.255.255.255", "ff00::", "ff02::1", "ffff::"]),
    (.reserved, ["240.0.0.0", "255.255.255.255", "192.0.0.0", "192.0.2.1", "192.88.99.1", "198.18.0.0"]),
    (.reserved, ["198.19.255.255", "198.51.100.9", "203.0.113.9", "2001:db8::1", "3fff:fff::1", "100::1"]),
    (.reserved, ["2001::1", "2001:1ff:ffff::1", "64:ff9b:1::1", "::ffff:0:127.0.0.1", "5f00::1", "4000::1"]),
    (
      .global,
      ["1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0"]
    ),
    (.global, ["169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0"]),
    (.global, ["192.0.1.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "168.63.129.17"]),
    (.global, ["2001:200::1", "2606:4700::1111", "2000::1", "3fff:1000::1", "2003::1"]),
  ])
  func kindsOfAddresses(_ kind: AddressKind, _ texts: [String]) throws {
    for text in texts { #expect(try #require(SocketAddress(ip: text, port: 80)).kind == kind, "\(text)") }
  }

  /// Mapped, translated (NAT64), by 6to4, and the old compatible form.
  @Test(arguments: [
    ("::ffff:%", true), ("64:ff9b::%", true), ("::%", false),
  ])
  func formsThatLeadToAnIPv4AddressAreOfItsKind(_ form: String, _ canBeGlobal: Bool) throws {
    for (ip, kind) in [
      ("10.0.0.7", AddressKind.private), ("127.0.0.1", .loopback), ("169.254.169.254", .metadata),
      ("100.64.0.1", .shared), ("8.8.8.8", canBeGlobal ? .global : .reserved),
    ] {
      let text = form.replacing("%", with: ip)
      #expect(try #require(SocketAddress(ip: text, port: 80)).kind == kind, "\(text)")
    }
  }

  @Test func sixToFourIsOfTheKindOfItsGateway() throws {
    #expect(try #require(SocketAddress(ip: "2002:7f00:1::", port: 80)).kind == .loopback)
    #expect(try #require(SocketAddress(ip: "2002:a9fe:a9fe::1", port: 80)).kind == .metadata)
    #expect(try #require(SocketAddress(ip: "2002:808:808::1", port: 80)).kind == .global)
  }

  @Test func onlyGlobalIsNotPrivate() throws {
    #expect(try #require(SocketAddress("unix:/run/a.sock")).kind == .unixSocket)
    for text in ["unix:/run/a.sock", "10.0.0.1:1", "[fe80::1]:1", "224.0.0.1:1"] {
      #expect(try #require(SocketAddress(text)).isPrivate)
    }
    #expect(try !#require(SocketAddress("8.8.8.8:1")).isPrivate)
  }
}
