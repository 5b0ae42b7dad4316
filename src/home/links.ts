/** Where to go from the root of the service. */
export interface Links {
  /** the base of the API; absent on a replica that does not serve it */
  api?: string;
  docs: string;
  openapi: string;
  health: string;
  metrics: string;
}

/** @param publicUrl of the service, without a slash at its end */
export function linksOf(publicUrl: string, { hasApi }: { hasApi: boolean }): Links {
  return {
    ...(hasApi && { api: `${publicUrl}/api/v1/` }),
    docs: `${publicUrl}/docs`,
    openapi: `${publicUrl}/docs-json`,
    health: `${publicUrl}/health`,
    metrics: `${publicUrl}/metrics`,
  };
}

/**
 * Whether a client would rather have JSON than a page: it names JSON, and does not name HTML or wants it less. Browsers
 * name HTML; curl names neither, and gets the page.
 *
 * @param accept the header, or undefined
 */
export function prefersJson(accept = ''): boolean {
  return weightOf('application/json', accept) > weightOf('text/html', accept);
}

function weightOf(type: string, accept: string): number {
  const ranges = accept.split(',').map((range) => range.split(';').map((part) => part.trim().toLowerCase()));
  const parameters = ranges.find(([name]) => name === type)?.slice(1);
  if (!parameters) return 0;
  const weight = parameters.find((parameter) => /^q\s*=/.test(parameter))?.replace(/^q\s*=\s*/, '');
  return weight === undefined ? 1 : Number(weight) || 0;
}
