import { type Layer, nextEscape, unescaped } from './escapes.js';

const MASK = '********';

/** Shorter runs of Base64 or hex are found by chance in what has nothing to do with the secret. */
const MIN_ENCODED_LENGTH = 4;
/** Of a secret that is cut off at the end of a text, fewer first characters than these are not recognised. */
const MIN_PREFIX_LENGTH = 6;
const MIN_ENCODED_PREFIX_LENGTH = 12;
/** Escapes within escapes that are read, as in JSON within JSON. */
const MAX_LAYERS = 3;
/** Characters of the longest escape, `\u{00000061}`. */
const MAX_ESCAPE_LENGTH = 12;
/** Characters of a byte in hex. */
const HEX_LENGTH = 2;
const ESCAPES_CONSIST_OF = '\\%&#;{}abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const ASCII = 128;
const ESCAPE_BYTES = [...'%\\&'].map((char) => char.charCodeAt(0));
/** An escape that is cut off at the end of a text. */
const PARTIAL_ESCAPE = /(?:%[0-9a-f]?|\\(?:[ux]\{?[0-9a-f]*)?|&#?[a-z0-9]{0,8})$/i;

const MAX_KNOWN_SECRETS = 1_000;
const known = new Map<string, Forms>();

/** From the first character to the one after the last. */
type Range = [start: number, end: number];

/** What a secret looks like, in lower case. */
interface Forms {
  plain: string;
  encoded: { text: string; before: number; after: number }[];
  /** what an escape has to stand for to be of interest: a character of a form, or one that begins an escape */
  chars: ReadonlySet<string>;
  /** by code, 1 for the characters of ASCII that an escaped form can consist of */
  isOfEscaped: Uint8Array;
  /** characters of the shortest form */
  minLength: number;
}

/** How many characters a secret may have in a text, in any form that is recognised. Without escapes hex is the longest. */
export function longestForm(secret: string, text: Buffer): number {
  return secret.length * (ESCAPE_BYTES.some((byte) => text.includes(byte)) ? MAX_ESCAPE_LENGTH : HEX_LENGTH);
}

/**
 * Makes a secret unreadable wherever a text has it: as it is, in upper or lower case, with any of its characters escaped
 * as JSON, JavaScript, URLs and HTML do, in hex, in Base64 of either alphabet and at any offset, and cut off at the end.
 *
 * On the path of every delivery: a text without the secret costs a few searches, and its escapes are read only if it has
 * them where an escaped secret could be.
 */
export function masked(text: string, secret: string): string {
  const forms = formsOf(secret);
  const ranges = secretsIn(text, forms);
  if (canHaveEscaped(text, forms)) ranges.push(...escapedSecretsIn(text, secret, forms));
  return ranges.length === 0 ? text : withMasks(text, ranges);
}

function formsOf(secret: string): Forms {
  let forms = known.get(secret);
  if (!forms) {
    forms = makeForms(secret);
    if (known.size >= MAX_KNOWN_SECRETS) known.clear();
    known.set(secret, forms);
  }
  return forms;
}

function makeForms(secret: string): Forms {
  const bytes = Buffer.from(secret);
  const hex = { text: bytes.toString('hex'), before: 0, after: 0 };
  const base64 = [0, 1, 2].map((offset) => base64Form(bytes, offset));
  const urlSafe = base64.map((form) => ({ ...form, text: form.text.replaceAll('+', '-').replaceAll('/', '_') }));
  const encoded = [hex, ...base64, ...urlSafe.filter(({ text }, i) => text !== base64[i].text)].filter(
    ({ text }) => bytes.length >= MIN_ENCODED_LENGTH && text.length >= MIN_ENCODED_LENGTH,
  );
  const plain = lower(secret);
  const texts = [plain, ...encoded.map(({ text }) => text)];
  const all = texts.join('');
  const chars = new Set([...all, ...all.toUpperCase(), ...secret, '\\', '%', '&']);
  return {
    plain,
    encoded,
    chars,
    isOfEscaped: codesOf(chars),
    minLength: Math.min(...texts.map((text) => text.length)),
  };
}

/** The characters of ASCII that these can be written with, escaped and escaped again. */
function codesOf(chars: ReadonlySet<string>): Uint8Array {
  const codes = new Uint8Array(ASCII);
  for (const char of [...chars, ...ESCAPES_CONSIST_OF]) codes[char.charCodeAt(0)] = 1;
  return codes;
}

/**
 * Whether there is an escape within a run of characters that an escaped form can consist of, and the run is as long as a
 * form, or as a recognised beginning of one where the text ends. Most pages and JSON have none: blanks, quotes and
 * brackets are in no form.
 */
function canHaveEscaped(text: string, { isOfEscaped, minLength }: Forms): boolean {
  // Some letters beyond ASCII are in lower case within it.
  const isPart = (code: number) => code >= ASCII || isOfEscaped[code] === 1;
  let done = 0;
  for (let at = nextEscape(text, 0); at >= 0; at = nextEscape(text, done)) {
    let start = at;
    while (start > done && isPart(text.charCodeAt(start - 1))) start--;
    done = at + 1;
    while (done < text.length && isPart(text.charCodeAt(done))) done++;
    // An escape has two characters at least.
    if (done - start > (done < text.length ? minLength : Math.min(minLength, MIN_PREFIX_LENGTH))) return true;
  }
  return false;
}

/** Where secrets are in what the escapes of a text stand for, as positions in that text. */
function escapedSecretsIn(text: string, secret: string, forms: Forms): Range[] {
  const found: Range[] = [];
  let layer: Layer | null = { text, positionOf: (index) => index };
  for (let depth = 1; depth <= MAX_LAYERS; depth++) {
    // Shorter than the secret, it has a part of it at most.
    layer = layer.text.length > secret.length ? unescaped(layer, forms.chars) : null;
    if (!layer) break;
    for (const [start, end] of secretsIn(layer.text, forms)) {
      found.push([layer.positionOf(start), layer.positionOf(end)]);
    }
  }
  return found;
}

/** What Base64 has of these bytes alone behind others, and whether a character at either end has bits of them too. */
function base64Form(bytes: Buffer, offset: number): Forms['encoded'][number] {
  const text = Buffer.concat([Buffer.alloc(offset), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  const isShared = (offset + bytes.length) % 3 !== 0;
  const first = [0, 2, 3][offset];
  return {
    text: text.slice(first, isShared ? -1 : undefined).toLowerCase(),
    before: offset === 0 ? 0 : 1,
    after: isShared ? 1 : 0,
  };
}

function secretsIn(text: string, { plain, encoded }: Forms): Range[] {
  const searched = lower(text);
  const found = [...occurrences(plain, MIN_PREFIX_LENGTH, searched)];
  for (const { text: form, before, after } of encoded) {
    for (const [start, end] of occurrences(form, MIN_ENCODED_PREFIX_LENGTH, searched)) {
      found.push([Math.max(0, start - before), Math.min(text.length, end + after)]);
    }
  }
  return found;
}

/** Where a form is, as a whole or, at the end of the text, from its beginning as far as it goes. */
function occurrences(form: string, minPrefixLength: number, text: string): Range[] {
  const found: Range[] = [];
  if (form.length <= text.length) {
    for (let at = text.indexOf(form); at >= 0; at = text.indexOf(form, at + form.length)) {
      found.push([at, at + form.length]);
    }
  }
  if (form.length > minPrefixLength) {
    const prefix = form.slice(0, minPrefixLength);
    let at = text.indexOf(prefix, text.length - form.length - MAX_ESCAPE_LENGTH);
    while (at >= 0 && !isBeginning(text.slice(at), form)) at = text.indexOf(prefix, at + 1);
    if (at >= 0) found.push([at, text.length]);
  }
  return found;
}

function isBeginning(text: string, form: string): boolean {
  return form.startsWith(text) || form.startsWith(text.replace(PARTIAL_ESCAPE, ''));
}

function withMasks(text: string, ranges: Range[]): string {
  const parts: string[] = [];
  let done = 0;
  for (const [start, end] of ranges.sort(([a], [b]) => a - b)) {
    // What overlaps with the one before is masked with it.
    if (start >= done) parts.push(text.slice(done, start), MASK);
    done = Math.max(done, end);
  }
  return parts.join('') + text.slice(done);
}

/** In lower case, each character where it was: some of those beyond ASCII would become two. */
function lower(text: string): string {
  const lowered = text.toLowerCase();
  return lowered.length === text.length ? lowered : text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
