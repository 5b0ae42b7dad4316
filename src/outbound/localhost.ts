/** What `localhost` stands for, in the order to try. */
export const LOOPBACK_ADDRESSES = ['127.0.0.1', '::1'];

/** Whether a name is loopback by definition (RFC 6761), with or without the dot of the root. */
export function isLocalhost(hostname: string): boolean {
  return /(^|\.)localhost\.?$/i.test(hostname);
}
