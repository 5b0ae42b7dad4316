const ENTITY = /&(?:#(\d{1,8})|#x([0-9a-f]{1,7})|([a-z]{2,6})(?=;));?/iy;
const CODE_POINT = /\\u\{([0-9a-f]{1,8})\}/iy;

/** Those of HTML that stand for a visible character of ASCII. */
const NAMED: Readonly<Record<string, string>> = {
  ...{ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", sol: '/', plus: '+', equals: '=', colon: ':', semi: ';' },
  ...{ comma: ',', period: '.', excl: '!', quest: '?', num: '#', dollar: '$', percnt: '%', lpar: '(', rpar: ')' },
  ...{ ast: '*', lowbar: '_', bsol: '\\', lsqb: '[', rsqb: ']', lcub: '{', rcub: '}', vert: '|', hat: '^', grave: '`' },
  ...{ commat: '@', hyphen: '-', dash: '-' },
};

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

function nextEscape(text: string, from: number): number {
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x25 || code === 0x26 || code === 0x5c) return i;
  }
  return -1;
}

/** What an escape stands for, and where it ends; what is none stands for nothing and ends behind its first character. */
function escapeAt(start: number, text: string): [char: string, end: number] {
  const none: [string, number] = ['', start + 1];
  if (text[start] === '%') return hexAt(start + 1, 2, text) ?? none;
  if (text[start] === '&') return entityAt(start, text) ?? none;
  const next = text[start + 1] ?? '';
  if (next === 'x' || next === 'X') return hexAt(start + 2, 2, text) ?? none;
  if (next === 'u' || next === 'U') return hexAt(start + 2, 4, text) ?? codePointAt(start, text) ?? none;
  // Letters behind a backslash are line ends and the like.
  return /[\s\w]/.test(next) && next !== '_' ? none : [next, start + 2];
}

function hexAt(start: number, digits: number, text: string): [char: string, end: number] | null {
  const hex = text.slice(start, start + digits);
  if (hex.length < digits || !/^[0-9a-f]+$/i.test(hex)) return null;
  return [String.fromCharCode(parseInt(hex, 16)), start + digits];
}

function codePointAt(start: number, text: string): [char: string, end: number] | null {
  CODE_POINT.lastIndex = start;
  const digits = CODE_POINT.exec(text)?.[1];
  return digits === undefined ? null : [String.fromCharCode(parseInt(digits, 16)), CODE_POINT.lastIndex];
}

function entityAt(start: number, text: string): [char: string, end: number] | null {
  ENTITY.lastIndex = start;
  const found = ENTITY.exec(text);
  if (!found) return null;
  const [, decimal, hex, name] = found;
  if (name !== undefined) return [NAMED[name.toLowerCase()] ?? '', ENTITY.lastIndex];
  const code = decimal === undefined ? parseInt(hex, 16) : Number(decimal);
  return [String.fromCharCode(code), ENTITY.lastIndex];
}
