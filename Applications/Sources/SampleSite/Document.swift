/// An HTML page in the dress of the bakeries.
///
/// All texts are our own and hold nothing that HTML would have to escape.
struct Document {
  var title: String
  /// The name of the site, behind the title and at the head of the page.
  var site: String
  var language = "en"
  var encoding = "utf-8"
  /// Further elements of the head.
  var head = ""
  var navigation: [SampleLink] = []
  /// What the page is about, as HTML.
  var content = ""
  var groups: [SampleWebsite.LinkGroup] = []
  var footer: [SampleLink] = []
  /// The colour of the loaf beside the title.
  var crust = "#c98a4b"

  /// The title with the name of the site.
  var fullTitle: String { title == site ? title : "\(title) – \(site)" }

  var html: String {
    """
    <!doctype html>
    <html lang="\(language)">
    <head>
    <meta charset="\(encoding)">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>\(fullTitle)</title>
    \(head)<style>\(styleSheet)</style>
    </head>
    <body>
    <header>\(navigation.map(\.html).joined(separator: "\n"))</header>
    <main>
    <div class="title"><svg viewBox="0 0 120 60" aria-hidden="true"><path fill="\(crust)" d="\(loaf)"/>\
    <path class="cut" d="M34 23l9 13M56 18l8 16M79 20l7 14"/></svg><h1>\(title)</h1></div>
    \(content)
    \(groups.map(\.html).joined(separator: "\n"))
    </main>
    <footer>\(footer.map(\.html).joined(separator: "\n"))</footer>
    </body>
    </html>

    """
  }
}

extension SampleLink {
  var html: String {
    switch kind {
    case .anchor: return "<a href=\"\(reference)\">\(label)</a>"
    case .nofollow: return "<a rel=\"nofollow\" href=\"\(reference)\">\(label)</a>"
    case .frame: return "<iframe src=\"\(reference)\" title=\"\(label)\"></iframe>"
    case .refresh: return "<meta http-equiv=\"refresh\" content=\"0; url=\(reference)\">"
    case .canonical: return "<link rel=\"canonical\" href=\"\(reference)\">"
    }
  }
}

extension SampleWebsite.LinkGroup {
  /// A list of the links that readers can follow; the others have their own places.
  fileprivate var html: String {
    let items = links.filter { $0.kind == .anchor }.map { "<li>\($0.html)</li>" }
    let frames = links.filter { $0.kind == .frame }.map(\.html).joined()
    guard !items.isEmpty else { return frames }
    return
      "<h2>\(heading)</h2>\n<ul class=\"cards\">\n\(items.joined(separator: "\n"))\n</ul>"
  }
}

private let loaf = "M8 46C4 22 26 10 60 10s56 12 52 36q-2 8-12 8H20q-10 0-12-8z"

private let styleSheet = """
  body{margin:0;min-height:100vh;display:flex;flex-direction:column;\
  background:#fbf6ee;color:#3b2a1e;font:17px/1.6 Georgia,"DejaVu Serif",serif}
  header,footer{display:flex;flex-wrap:wrap;gap:.3rem 1.4rem;align-items:baseline;padding:.8rem 1.2rem;\
  background:#5f3218;color:#ffe9cf}
  header a,footer a{color:#ffd9a8;text-decoration:none}
  header a:first-child{font-size:1.2rem;font-weight:bold;margin-right:auto}
  @media(max-width:40rem){header a:first-child{flex-basis:100%}}
  footer{margin-top:2rem;background:#efe2cf}
  footer a{color:#7a3f1d}
  main{flex:1;width:100%;max-width:46rem;box-sizing:border-box;margin:0 auto;padding:1rem 1.2rem}
  .title{display:flex;gap:1rem;align-items:center;border-bottom:2px solid #e5cfae}
  svg{flex:none;width:84px}
  .cut{stroke:#f6dfb8;stroke-width:4;stroke-linecap:round;fill:none}
  h1{font-size:1.9rem;line-height:1.2;margin:.7rem 0}
  h2{font-size:1.25rem;margin:1.6rem 0 .4rem;color:#7a3f1d}
  a{color:#9a4d16}
  .lead{font-size:1.15rem}
  table{border-collapse:collapse;width:100%;margin:1rem 0;background:#fff;border-radius:8px;overflow:hidden}
  th,td{padding:.4rem .8rem;border-bottom:1px solid #f0e4d2;text-align:left}
  td:last-child{text-align:right}
  .cards{list-style:none;padding:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(13rem,1fr));gap:.5rem}
  .cards a{display:block;height:100%;box-sizing:border-box;padding:.5rem .8rem;background:#fff;\
  border:1px solid #eadbc4;border-radius:8px;text-decoration:none}
  .cards a:hover{border-color:#c98a4b}
  iframe{width:100%;height:14rem;border:1px solid #eadbc4;border-radius:8px}
  """
