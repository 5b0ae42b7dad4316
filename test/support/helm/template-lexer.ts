/** A piece of a template file: text as it stands, or the inside of `{{ }}`. */
export type Piece = { kind: 'text'; text: string } | { kind: 'action'; text: string };

export interface Token {
  kind: 'literal' | 'field' | 'variable' | 'word' | 'sign';
  text: string;
  value?: unknown;
  /** whether it touches the token before it, as the field in `(f).x` does */
  isAttached: boolean;
}

const TOKEN =
  /\s*(?:("(?:[^"\\]|\\.)*")|`([^`]*)`|(-?\d+\.\d+)|(-?\d+)|(\.[A-Za-z_]\w*)|(\$\w*)|([A-Za-z_]\w*)|(:=|[().|,=]))/y;

/** Cuts a file into text and actions; `{{-` and `-}}` take the white space beside them away, as in Go. */
export function pieces(source: string): Piece[] {
  const found: Piece[] = [];
  let rest = source;
  let isTrimmed = false;
  for (;;) {
    const start = rest.indexOf('{{');
    let text = start < 0 ? rest : rest.slice(0, start);
    if (isTrimmed) text = text.trimStart();
    if (start < 0) return [...found, { kind: 'text', text }];
    if (/^\{\{-\s/.test(rest.slice(start))) text = text.trimEnd();
    found.push({ kind: 'text', text });
    const end = endOfAction(rest, start);
    const inside = rest.slice(start + 2, end);
    isTrimmed = /\s-$/.test(inside);
    const action = inside.replace(/^-\s/, '').replace(/\s-$/, '').trim();
    if (!/^\/\*[^]*\*\/$/.test(action)) found.push({ kind: 'action', text: action });
    rest = rest.slice(end + 2);
  }
}

/** Where `}}` stands outside of quotes and comments. */
function endOfAction(source: string, start: number): number {
  const skipping = /\/\*[^]*?\*\/|"(?:[^"\\]|\\.)*"|`[^`]*`|\}\}/g;
  skipping.lastIndex = start + 2;
  for (let match = skipping.exec(source); match; match = skipping.exec(source)) {
    if (match[0] === '}}') return match.index;
  }
  throw new Error(`an action is not closed: ${source.slice(start, start + 40)}`);
}

/** Integers become bigint and other numbers number, as Go tells int from float64. */
export function tokens(action: string): Token[] {
  const found: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < action.trimEnd().length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(action);
    if (!match) throw new Error(`not understood at "${action.slice(at)}"`);
    found.push({ ...token(match.slice(1)), isAttached: at > 0 && !/^\s/.test(match[0]) });
  }
  return found;
}

function token([quoted, raw, real, integer, field, variable, word, sign]: (string | undefined)[]): Omit<
  Token,
  'isAttached'
> {
  if (quoted !== undefined) return { kind: 'literal', text: quoted, value: JSON.parse(quoted) as string };
  if (raw !== undefined) return { kind: 'literal', text: raw, value: raw };
  if (real !== undefined) return { kind: 'literal', text: real, value: Number(real) };
  if (integer !== undefined) return { kind: 'literal', text: integer, value: BigInt(integer) };
  if (field !== undefined) return { kind: 'field', text: field.slice(1) };
  if (variable !== undefined) return { kind: 'variable', text: variable };
  if (word === 'true' || word === 'false') return { kind: 'literal', text: word, value: word === 'true' };
  if (word === 'nil') return { kind: 'literal', text: word, value: null };
  if (word !== undefined) return { kind: 'word', text: word };
  return { kind: 'sign', text: sign ?? '' };
}
