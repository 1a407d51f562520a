import Testing

@testable import Scraper

struct IPAddressTests {
  @Test(arguments: [
    ("127.0.0.1", "127.0.0.1"), ("127.1", "127.0.0.1"), ("::1", "::1"), ("[::1]", "::1"),
    ("2001:DB8:0:0::1", "2001:db8::1"),
  ])
  func `an address is read as hosts of URLs have it`(_ text: String, _ expected: String) {
    #expect(IPAddress(text)?.description == expected)
  }

  @Test(arguments: ["", "[", "[]", "[127.0.0.1]", "bakery.test", "1.2.3.4.5", "::1]", "fe80::1%lo"])
  func `a name is no address`(_ text: String) {
    #expect(IPAddress(text) == nil)
  }

  @Test func `bytes are in network order`() {
    #expect(IPAddress(bytes: [192, 0, 2, 1])?.description == "192.0.2.1")
    let long: [UInt8] = [0x20, 1, 0xD, 0xB8] + Array(repeating: 0, count: 11) + [7]
    #expect(IPAddress(bytes: long)?.description == "2001:db8::7")
    #expect(IPAddress(bytes: [1, 2, 3]) == nil)
    #expect(IPAddress(bytes: []) == nil)
  }

  @Test(arguments: [
    "0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255",
    "127.0.0.1", "127.255.255.255", "169.254.169.254", "172.16.0.0", "172.31.255.255", "192.0.0.8",
    "192.0.2.1", "192.168.0.0", "192.168.255.255", "198.18.0.0", "198.19.255.255", "198.51.100.7",
    "203.0.113.7", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::2", "::7f00:1", "fc00::1", "fdff::1", "fe80::1", "febf::1", "fec0::1",
    "ff02::1",
    "100::1", "2001::1", "2001:1ff::1", "2001:db8::1", "3fff::1", "3fff:fff::1", "4000::1",
    "::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::192.168.0.1", "64:ff9b:1::8.8.8.8",
    "2002:7f00:1::", "2002:c0a8:1::1",
  ])
  func `an address of no host of the public Internet is private`(_ text: String) {
    #expect(IPAddress(text)?.isPrivate == true)
  }

  @Test(arguments: [
    "1.0.0.0", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
    "126.255.255.255", "128.0.0.0", "169.253.0.1", "172.15.255.255", "172.32.0.0", "192.0.1.1",
    "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255",
    "2000::1", "2001:200::1", "2001:db7::1", "2001:db9::1", "2606:4700::1111", "3ffe::1",
    "3fff:1000::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1",
  ])
  func `its neighbours are not`(_ text: String) {
    #expect(IPAddress(text)?.isPrivate == false)
  }
}
