// SPDX-License-Identifier: Apache-2.0

import Reports
import Testing

struct FiguresTests {
  @Test(
    "decimals are rounded to the nearest, with all their zeros",
    arguments: [
      (0, 2, "0.00"), (1.005, 1, "1.0"), (2.5, 0, "3"), (-1.25, 2, "-1.25"), (0.04, 1, "0.0"),
      (-0.01, 1, "0.0"), (99.999, 2, "100.00"), (12.03, 2, "12.03"), (.infinity, 2, "infinite"),
      (.nan, 2, "not a number"),
    ] as [(Double, Int, String)])
  func decimals(value: Double, digits: Int, text: String) {
    #expect(Figures.decimal(value, digits) == text)
  }

  @Test(
    "small figures keep three digits",
    arguments: [
      (0, "0"), (0.25, "0.2500"), (0.001, "0.0010"), (1.23e-5, "1.23e-5"), (9.999e-7, "10.00e-7"),
      (-4e-9, "-4.00e-9"),
    ] as [(Double, String)])
  func small(value: Double, text: String) { #expect(Figures.small(value) == text) }

  @Test(
    "sizes are in units of 1000",
    arguments: [
      (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (14_929_880, "14.9 MB"),
      (2_000_000_000, "2.0 GB"), (3_500_000_000_000, "3.5 TB"),
    ])
  func bytes(count: Int, text: String) { #expect(Figures.bytes(count) == text) }

  @Test("columns line up, and no line ends in a space")
  func table() {
    var table = TextTable([("name", .left), ("count", .right)])
    table.append(["a", "1"])
    table.append(["longer", "12345678"])
    let lines = table.text.split(separator: "\n")
    #expect(lines == ["name       count", "a              1", "longer  12345678"])
  }
}
