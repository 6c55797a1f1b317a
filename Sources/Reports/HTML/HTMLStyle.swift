// SPDX-License-Identifier: Apache-2.0

/// The look of the page, light and dark, on a phone and on a desk.
enum HTMLStyle {
  /// What a browser may load for the page: nothing but the styles and the images that are in it.
  static let policy =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    + "form-action 'none'"

  static let sheet = """
    :root {
      color-scheme: light dark;
      --ground: #fcfcfb; --card: #ffffff; --ink: #1c1e21; --soft: #5d646d; --rule: #e3e5e8;
      --s0: #2563b8; --s1: #d9822b; --s2: #3d9a6a; --s3: #8d5fc0; --s4: #b8406a;
      --kept: #2c7a4b; --failed: #b3261e; --undecided: #9a6700;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --ground: #131517; --card: #1c1f23; --ink: #e8eaed; --soft: #9aa3ad; --rule: #31363c;
        --s0: #74a9f0; --s1: #f0a65c; --s2: #6cc79a; --s3: #b695e8; --s4: #e882a8;
        --kept: #6cc78f; --failed: #f28b82; --undecided: #e2b04a;
      }
    }
    * { box-sizing: border-box; }
    body {
      margin: 0 auto; max-width: 1080px; padding: 24px 16px 48px; background: var(--ground);
      color: var(--ink); font: 15px/1.5 system-ui, sans-serif;
    }
    h1 { font-size: 26px; line-height: 1.2; margin: 0 0 4px; overflow-wrap: anywhere; }
    h2 { font-size: 17px; margin: 0 0 8px; }
    p { margin: 4px 0 12px; color: var(--soft); }
    section {
      background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 16px;
      margin-top: 16px;
    }
    .figures { display: flex; flex-wrap: wrap; gap: 12px 32px; margin: 12px 0 0; }
    .figures div { color: var(--soft); font-size: 13px; }
    .figures b { display: block; color: var(--ink); font-size: 24px; font-weight: 600; }
    .two { display: grid; grid-template-columns: repeat(auto-fit, minmax(300px, 1fr)); gap: 16px; }
    .two section { margin: 0; }
    .two { margin-top: 16px; }
    h2:not(:first-child) { margin-top: 20px; } h3 { font-size: 14px; margin: 0 0 4px; color: var(--soft); }
    .map th { font-weight: 400; } .map td { padding: 2px 0; width: 100%; }
    .cells i {
      display: inline-block; width: 16px; height: 16px; margin: 1px; border-radius: 3px;
      background: var(--s0); vertical-align: middle;
    }
    a { color: var(--s0); }
    .scroll { overflow-x: auto; }
    table { border-collapse: collapse; width: 100%; font-size: 14px; }
    th, td { padding: 5px 10px; text-align: left; border-bottom: 1px solid var(--rule); }
    th { color: var(--soft); font-weight: 500; white-space: nowrap; }
    td:first-child { white-space: nowrap; }
    .n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
    ul.gates { list-style: none; margin: 0; padding: 0; }
    ul.gates li { padding: 6px 0; border-bottom: 1px solid var(--rule); }
    ul.gates li:last-child, tr:last-child > * { border: 0; }
    .tag { font-weight: 600; margin-right: 6px; }
    .kept { color: var(--kept); } .failed { color: var(--failed); }
    .undecided { color: var(--undecided); }
    svg { display: block; width: 100%; max-width: 520px; height: auto; }
    svg text { fill: var(--soft); font: 13px system-ui, sans-serif; }
    .axis { stroke: var(--soft); } .grid { stroke: var(--rule); }
    .s0 { fill: var(--s0); } .s1 { fill: var(--s1); } .s2 { fill: var(--s2); }
    .s3 { fill: var(--s3); } .s4 { fill: var(--s4); }
    rect { fill-opacity: 0.7; }
    polyline { fill: none; stroke-width: 2; stroke-linejoin: round; }
    .l0 { stroke: var(--s0); } .l1 { stroke: var(--s1); } .l2 { stroke: var(--s2); }
    .l3 { stroke: var(--s3); } .l4 { stroke: var(--s4); }
    .legend span { margin-right: 16px; color: var(--soft); font-size: 13px; white-space: nowrap; }
    .legend i {
      display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 6px;
    }
    .b0 { background: var(--s0); } .b1 { background: var(--s1); } .b2 { background: var(--s2); }
    .b3 { background: var(--s3); } .b4 { background: var(--s4); }
    .answers { display: grid; grid-template-columns: repeat(auto-fit, minmax(280px, 1fr)); gap: 12px; }
    .answer { border: 1px solid var(--rule); border-radius: 8px; padding: 12px; }
    .answer img {
      display: block; width: 96px; height: 96px; object-fit: contain; float: right;
      margin: 0 0 8px 8px; image-rendering: auto;
    }
    .answer dl { margin: 6px 0 0; font-size: 14px; overflow-wrap: anywhere; }
    .answer dt { color: var(--soft); font-size: 12px; } .answer dd { margin: 0 0 4px; }
    footer { color: var(--soft); font-size: 13px; margin-top: 24px; }
    """
}
