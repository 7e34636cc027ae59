// SPDX-License-Identifier: Apache-2.0
// Vite's output as one HTML file: style and script inside it, allowed by their hashes and by nothing else.
import { createHash } from "node:crypto";

const kData = '<script type="application/json" id="relevid-data">null</script>';

function sourceHash(text) {
  return `'sha256-${createHash("sha256").update(text, "utf8").digest("base64")}'`;
}

function policyFor(script, style) {
  return [
    "default-src 'none'",
    `script-src ${sourceHash(script)}`,
    `style-src ${sourceHash(style)}`,
    "img-src data: blob:",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}

/** What stands between script tags may not end them. */
function inScript(code) {
  return `\n${code.trim().replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--")}\n`;
}

export function singleFile() {
  return {
    name: "single-file",
    enforce: "post",
    generateBundle(_options, bundle) {
      const page = bundle["index.html"];
      const chunks = Object.values(bundle).filter((file) => file.type === "chunk");
      const styles = Object.values(bundle).filter((file) => file.fileName.endsWith(".css"));
      if (chunks.length !== 1 || styles.length !== 1) {
        this.error(`expected one script and one style, found ${chunks.length} and ${styles.length}`);
      }
      const script = inScript(chunks[0].code);
      const style = `\n${String(styles[0].source).trim()}\n`;
      let html = String(page.source)
        .replace(/\s*<script type="module"[^>]*><\/script>/, "")
        .replace(/\s*<link rel="stylesheet"[^>]*>/, "")
        .replace(/\s*<!-- SPDX[^>]*-->/, "");
      const policy = `<meta http-equiv="Content-Security-Policy" content="${policyFor(script, style)}" />`;
      html = html
        .replace('<meta charset="utf-8" />', () => `<meta charset="utf-8" />\n    ${policy}`)
        .replace("</head>", () => `  <style>${style}</style>\n  </head>`)
        .replace("</body>", () => `  <script type="module">${script}</script>\n  </body>`);
      if (html.split(kData).length !== 2) this.error("the page must hold the place of its data exactly once");
      if (/(src|href)="[^"#]*\.(js|css)"/.test(html)) this.error("the page still refers to other files");
      for (const file of Object.keys(bundle)) delete bundle[file];
      this.emitFile({ type: "asset", fileName: "page.html", source: html });
    },
  };
}
