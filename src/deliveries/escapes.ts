/** Digits of a code with zeros in front. */
const MAX_DIGITS = 8;
const MAX_NAME_LENGTH = 6;
const [SEMICOLON, BRACE] = [0x3b, 0x7d];

/** Those of HTML that stand for a visible character of ASCII. */
const NAMED = new Map(
  Object.entries({
    ...{ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", sol: '/', plus: '+', equals: '=', colon: ':', semi: ';' },
    ...{ comma: ',', period: '.', excl: '!', quest: '?', num: '#', dollar: '$', percnt: '%', lpar: '(', rpar: ')' },
    ...{
      ast: '*',
      lowbar: '_',
      bsol: '\\',
      lsqb: '[',
      rsqb: ']',
      lcub: '{',
      rcub: '}',
      vert: '|',
      hat: '^',
      grave: '`',
    },
    ...{ commat: '@', hyphen: '-', dash: '-' },
  }),
);

/** A text that was read out of another one. */
export interface Layer {
  text: string;
  /** where in the first text one of its characters stands */
  positionOf: (index: number) => number;
}

/**
 * Reads one layer of the escapes in a text: those of URLs, JSON, JavaScript and HTML.
 *
 * @param chars escapes that stand for another one are left as they are
 * @returns null when there is none to be read
 */
export function unescaped({ text, positionOf }: Layer, chars: ReadonlySet<string>): Layer | null {
  const parts: string[] = [];
  /** of the first character behind each escape: where it stands here, and there */
  const behind: [here: number, there: number][] = [];
  let [done, length] = [0, 0];
  for (let start = nextEscape(text, 0); start >= 0;) {
    const [char, end] = escapeAt(start, text);
    if (chars.has(char)) {
      parts.push(text.slice(done, start), char);
      length += start - done + 1;
      done = end;
      behind.push([length, done]);
    }
    start = nextEscape(text, end);
  }
  if (parts.length === 0) return null;
  parts.push(text.slice(done));
  return { text: parts.join(''), positionOf: (index) => positionOf(before(index, behind)) };
}

/** Where the text before has a character: as far behind the last escape before it, or, if it is one, at its beginning. */
function before(index: number, behind: readonly [here: number, there: number][]): number {
  const last = behind.findLast(([here]) => here <= index);
  return last ? last[1] + index - last[0] : index;
}

/** @returns the position of the next character that may begin an escape, or -1 */
export function nextEscape(text: string, from: number): number {
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x25 || code === 0x26 || code === 0x5c) return i;
  }
  return -1;
}

/** What an escape stands for, and where it ends; what is none stands for nothing and ends behind its first character. */
function escapeAt(start: number, text: string): [char: string, end: number] {
  const none: [string, number] = ['', start + 1];
  if (text[start] === '%') return charAt(start + 1, 16, 2, text) ?? none;
  const next = text[start + 1] ?? '';
  if (text[start] === '&') return (next === '#' ? numberedAt(start + 2, text) : namedAt(start + 1, text)) ?? none;
  if (next === 'x' || next === 'X') return charAt(start + 2, 16, 2, text) ?? none;
  if (next === 'u' || next === 'U') return charAt(start + 2, 16, 4, text) ?? codePointAt(start + 2, text) ?? none;
  // Letters behind a backslash are line ends and the like.
  return /[\s\w]/.test(next) && next !== '_' ? none : [next, start + 2];
}

/** The character whose code has exactly so many digits. */
function charAt(start: number, base: number, length: number, text: string): [char: string, end: number] | null {
  const [code, end] = numberAt(start, base, length, text);
  return end === start + length ? [String.fromCharCode(code), end] : null;
}

/** `{61}`, as JavaScript has it after `\u`. */
function codePointAt(start: number, text: string): [char: string, end: number] | null {
  if (text[start] !== '{') return null;
  const [code, end] = numberAt(start + 1, 16, MAX_DIGITS, text);
  return end > start + 1 && text.charCodeAt(end) === BRACE ? [String.fromCharCode(code), end + 1] : null;
}

/** `97;` or `x61;`, as HTML has it after `&#`; the semicolon may be left out. */
function numberedAt(start: number, text: string): [char: string, end: number] | null {
  const isHex = text[start] === 'x' || text[start] === 'X';
  const from = isHex ? start + 1 : start;
  const [code, end] = numberAt(from, isHex ? 16 : 10, MAX_DIGITS, text);
  if (end === from) return null;
  return [String.fromCharCode(code), text.charCodeAt(end) === SEMICOLON ? end + 1 : end];
}

/** `amp;`, as HTML has it after `&`. */
function namedAt(start: number, text: string): [char: string, end: number] | null {
  const end = text.slice(start, start + MAX_NAME_LENGTH + 1).indexOf(';');
  if (end < 0) return null;
  const char = NAMED.get(text.slice(start, start + end).toLowerCase());
  return char === undefined ? null : [char, start + end + 1];
}

/** The number that the digits at a place make, at most so many of them, and where they end. */
function numberAt(start: number, base: number, maxDigits: number, text: string): [value: number, end: number] {
  let value = 0;
  let end = start;
  for (; end < start + maxDigits; end++) {
    const digit = digitOf(text.charCodeAt(end));
    if (digit < 0 || digit >= base) break;
    value = value * base + digit;
  }
  return [value, end];
}

/** @returns -1 for what is no hexadecimal digit */
function digitOf(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
