import type { Links } from './links.js';

/** A page with nothing but text and links: it needs no script, style or picture, and so no exception in the headers. */
export function homePage({ api, docs, openapi, health, metrics }: Links, version: string): string {
  const entries = [
    [docs, 'API reference', 'every route, with examples'],
    [openapi, 'OpenAPI document', 'to generate clients from'],
    [health, 'Health', 'whether the process runs; <code>/health/ready</code> checks the database too'],
    [metrics, 'Metrics', 'for Prometheus'],
  ];
  const items = entries.map(([url, name, note]) => `<li><a href="${escaped(url)}">${name}</a>: ${note}</li>`);
  const base = api ? `<p>The API is at <code>${escaped(api)}</code> and needs a token.</p>\n` : '';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Seed Scheduler</title>
</head>
<body>
<h1>Seed Scheduler ${escaped(version)}</h1>
${base}<ul>
${items.join('\n')}
</ul>
</body>
</html>
`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
