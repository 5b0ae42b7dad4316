/** Returns the origin of a stored endpoint, or null if the endpoint is not an http or https URL. */
export function originOf(endpoint: string): string | null {
  const url = URL.parse(endpoint);
  return url && /^https?:$/.test(url.protocol) ? url.origin : null;
}
