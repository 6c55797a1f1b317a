// SPDX-License-Identifier: Apache-2.0

import Testing

struct SwiftCodeTests {
  @Test(arguments: [
    ("let a = 1  // b!", "let a = 1  "),
    ("a /* b! /* c! */ d! */ e", "a  e"),
    (#"f("x! \" // y")"#, #"f("")"#),
    (#"f("x \(value! + g("!")) y")"#, #"f(" value! + g("") ")"#),
    (##"f(#"x! \(y!) "z" "#)"##, #"f("")"#),
    ("let t = \"\"\"\n  a! \"b\"\n  \"\"\"\nc", "let t = \"\n\n\"\nc"),
    ("http + \"http://x\"", "http + \"\""),
  ])
  func onlyCodeIsLeft(_ text: String, _ code: String) {
    #expect(SwiftCode.stripped(text) == code)
  }
}
