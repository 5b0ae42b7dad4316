import { isIP, isIPv6 } from 'node:net';
import { domainToUnicode } from 'node:url';

// The parts as they stand in the text (RFC 3986, appendix B).
const PARTS = /^https?:\/\/(?<authority>[^/?#]*)(?<path>[^?#]*)(?<query>\?[^#]*)?(?:#.*)?$/is;
const AUTHORITY = /^(?<user>.*@)?(?<host>\[[^\]]*\]|[^:@]*)(?::(?<port>\d+))?$/s;
const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

// White space, control characters and formatting ones such as a zero width space: no reader can tell what they say.
const INVISIBLE = /[\s\p{Cc}\p{Cf}]/u;
/** What a URL may only have percent-encoded. Clients send it so, and receivers decode it: it means the same. */
const ENCODED = /[^\x21-\x7e]|["'<>^`{|}]/gu;

const MAX_NAME_LENGTH = 253;
// Host names have no underscores by the book, but services of Compose files and clusters do.
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/**
 * Why a text does not say what the URL parser makes of it, or null when it does. The parser mends what is no URL
 * (`http:host`, `http:///host`, backslashes, line breaks) and reads some hosts in a way of its own (`0x7f.1`): what would
 * be sent then goes elsewhere than the text says.
 *
 * Accepted as other spellings of the same URL: upper case in scheme and host, the default port, a host with nothing
 * after it, a host in Unicode, an IPv6 address with its zeros, and characters that have to be percent-encoded.
 *
 * @param text with nothing around it
 * @param url the text, parsed; http or https
 */
export function whyNotPlain(text: string, url: URL): string | null {
  const fault = hostFault(url);
  if (fault) return fault;
  if (!INVISIBLE.test(text) && saysTheSame(text, url)) return null;
  return `Enter a valid URL. Did you mean ${url.href}?`;
}

/** Whether a text is an http or https URL, with or without a user name, that says what the URL parser makes of it. */
export function isPlainHttpUrl(text: string, { allowsUser = false } = {}): boolean {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) return false;
  return (allowsUser || !hasUser(url)) && whyNotPlain(text, url) === null;
}

/** Whether a URL has a user name or a password. */
export function hasUser({ username, password }: URL): boolean {
  return username !== '' || password !== '';
}

function hostFault({ hostname, port }: URL): string | null {
  if (port === '0') return 'Port 0 cannot be connected to. Enter a port from 1 to 65535, or none.';
  if (hostname.startsWith('[') || isIP(hostname) > 0) return null;
  const name = hostname.replace(/\.$/, '');
  if (name.length <= MAX_NAME_LENGTH && name.split('.').every((label) => LABEL.test(label))) return null;
  return (
    `Enter a valid URL. "${hostname}" is not a host name: its labels have 1 to 63 letters, digits, hyphens and ` +
    'underscores, with no hyphen at either end.'
  );
}

function saysTheSame(text: string, url: URL): boolean {
  const parts = PARTS.exec(text)?.groups;
  const authority = AUTHORITY.exec(parts?.authority ?? '')?.groups;
  if (!parts || !authority) return false;
  const query = parts.query === '?' ? '' : (parts.query ?? '');
  return (
    (authority.user !== undefined) === hasUser(url) &&
    isSameHost(authority.host, url.hostname) &&
    isSamePort(authority.port, url) &&
    encoded(parts.path || '/') === encoded(url.pathname) &&
    encoded(query) === encoded(url.search)
  );
}

/** @param hostname as the parser has it: in lower case, in Punycode, an address in its shortest form */
function isSameHost(text: string, hostname: string): boolean {
  const given = text.toLowerCase().normalize('NFC');
  if (given === hostname) return true;
  if (given.startsWith('[')) return isIPv6(given.slice(1, -1));
  const labels = hostname.split('.');
  const givenLabels = given.split('.');
  return (
    labels.length === givenLabels.length &&
    givenLabels.every((label, i) => label === labels[i] || label === domainToUnicode(labels[i]))
  );
}

function isSamePort(text: string | undefined, { port, protocol }: URL): boolean {
  return (text ?? '') === port || (port === '' && text === DEFAULT_PORTS[protocol]);
}

function encoded(part: string): string {
  return part.replace(ENCODED, (char) => Buffer.from(char).toString('hex').replace(/../g, '%$&').toUpperCase());
}
