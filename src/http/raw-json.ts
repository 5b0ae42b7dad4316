import { randomBytes } from 'node:crypto';
import { type Node, parseTree } from 'jsonc-parser';

/** Levels of arrays and objects that a payload may have. */
export const MAX_JSON_DEPTH = 100;

// Unguessable, so that no text of a user's can pass for a marked one.
const MARK = `raw:${randomBytes(16).toString('hex')}:`;
const MARKED_STRING_START = `"${MARK}`;

/**
 * JSON kept as the text it was written in, because parsing would change it: `1.0` becomes `1`, integers lose digits
 * beyond 2^53, and names that look like numbers change their order. Stored, sent and shown as it came.
 */
export class RawJson {
  constructor(readonly text: string) {}

  /** Called by JSON.stringify; `stringifyJson` puts the text itself back. */
  toJSON(): string {
    return MARK + this.text;
  }
}

/**
 * JSON.stringify that writes every `RawJson` within `value` as the text it holds.
 *
 * @param space to indent by, as in JSON.stringify
 */
export function stringifyJson(value: unknown, space?: number): string {
  const json = JSON.stringify(value, null, space);
  if (!json?.includes(MARK)) return json;
  const parts: string[] = [];
  let written = 0;
  for (;;) {
    const start = json.indexOf(MARKED_STRING_START, written);
    if (start === -1) break;
    const textAt = start + MARKED_STRING_START.length;
    const end = endOfString(json, textAt);
    parts.push(json.slice(written, start), JSON.parse(`"${json.slice(textAt, end)}"`) as string);
    written = end + 1;
  }
  return parts.join('') + json.slice(written);
}

/**
 * Returns the position of the quote that ends a JSON string.
 *
 * Not a regular expression: one that repeats a choice overflows the stack on strings of some 10 MB.
 *
 * @param from position within the string, not after a backslash
 */
function endOfString(json: string, from: number): number {
  for (let i = from; ; i++) {
    const quote = json.indexOf('"', i);
    let backslashes = 0;
    while (quote - backslashes > from && json[quote - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return quote;
    i = quote;
  }
}

/**
 * The text of one member of a JSON object, exactly as written; of a name given twice the last one, as with JSON.parse.
 *
 * @param source a text that JSON.parse accepts
 * @returns undefined when the object has no such member
 */
export function rawMember(source: string, name: string): RawJson | undefined {
  const root = parseTree(source, undefined, { disallowComments: true });
  const member = root?.children?.findLast(({ children }) => children?.[0]?.value === name);
  const node = member?.children?.[1];
  return node && new RawJson(source.slice(node.offset, node.offset + node.length));
}

/**
 * Why this JSON cannot be carried unchanged to every receiver, or null when it can.
 *
 * @param text a text that JSON.parse accepts
 */
export function whyNotPortable(text: string): string | null {
  if (jsonDepth(text) > MAX_JSON_DEPTH) return `is nested more than ${MAX_JSON_DEPTH} levels deep`;
  const root = parseTree(text, undefined, { disallowComments: true });
  return root ? nodeFault(root) : null;
}

function nodeFault(node: Node): string | null {
  if (node.type === 'number' && !Number.isFinite(node.value)) return 'has a number beyond the range of a double';
  if (node.type === 'string') {
    const value = node.value as string;
    if (!value.isWellFormed()) return 'has a lone surrogate, which is no character';
    if (value.includes('\0')) return 'has a NUL character';
  }
  if (node.type === 'property' && node.children?.[0]?.value === '__proto__') return 'has a member named "__proto__"';
  for (const child of node.children ?? []) {
    const fault = nodeFault(child);
    if (fault) return fault;
  }
  return null;
}

/** Nesting depth of valid JSON, counted without recursion: it guards what recurses. */
export function jsonDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (inString) {
      if (char === '\\') i++;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === '[' || char === '{') deepest = Math.max(deepest, ++depth);
    else if (char === ']' || char === '}') depth--;
  }
  return deepest;
}
