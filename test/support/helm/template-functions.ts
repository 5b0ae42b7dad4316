import { stringify } from 'yaml';
import { isTrue, print, type TemplateFunction } from './template-evaluator.js';

type Dictionary = Record<string, unknown>;

const KINDS: Record<string, string> = { string: 'string', number: 'float64', bigint: 'int', boolean: 'bool' };

/** The functions of Go's templates, of sprig and of Helm that the chart uses; include is the evaluator's own. */
export const TEMPLATE_FUNCTIONS: Record<string, TemplateFunction> = {
  // Go's own
  not: (value: unknown) => !isTrue(value),
  eq: (first: unknown, ...others: unknown[]) => others.some((other) => isSame(first, other)),
  ne: (a: unknown, b: unknown) => !isSame(a, b),
  gt: (a: unknown, b: unknown) => inOrder(b, a),
  lt: (a: unknown, b: unknown) => inOrder(a, b),
  len: (value: unknown[] | string) => BigInt(value.length),
  index: (of: unknown, ...keys: unknown[]) => keys.reduce(item, of),
  printf,
  // sprig's
  default: (fallback: unknown, value: unknown) => (isTrue(value) ? value : fallback),
  ternary: (yes: unknown, no: unknown, isYes: boolean) => (isYes ? yes : no),
  int: (value: unknown) => BigInt(Math.trunc(Number(value))),
  add: (...values: unknown[]) => values.map((value) => BigInt(Number(value))).reduce((sum, value) => sum + value, 0n),
  quote: (value: unknown) => (value === null || value === undefined ? '' : JSON.stringify(print(value))),
  trunc: (length: bigint, text: string) => text.slice(0, Number(length)),
  trimSuffix: (suffix: string, text: string) => (text.endsWith(suffix) ? text.slice(0, -suffix.length) : text),
  contains: (part: string, text: string) => text.includes(part),
  replace: (old: string, by: string, text: string) => text.replaceAll(old, by),
  splitList: (separator: string, text: string) => text.split(separator),
  join: (separator: string, items: unknown[]) => items.map(print).join(separator),
  list: (...items: unknown[]) => items,
  dict: (...pairs: unknown[]) =>
    Object.fromEntries(Array.from({ length: pairs.length / 2 }, (_, i) => [pairs[2 * i], pairs[2 * i + 1]])) as object,
  kindIs: (kind: string, value: unknown) => KINDS[typeof value] === kind,
  hasKey: (dictionary: Dictionary, key: string) => Object.hasOwn(dictionary, key),
  // As in mergo: what the first one has, stays, unless it is empty.
  merge: (...all: Dictionary[]) => all.reduce(merged),
  indent,
  nindent: (width: bigint, text: string) => `\n${indent(width, text)}`,
  fail: (message: string) => {
    throw new Error(message);
  },
  // Helm's
  required: (message: string, value: unknown) => {
    if (value === null || value === undefined || value === '') throw new Error(message);
    return value;
  },
  toYaml: (value: unknown) => stringify(value ?? null, { lineWidth: 0, sortMapEntries: true }).trimEnd(),
};

function isSame(a: unknown, b: unknown): boolean {
  const isComparable = a === null || b === null || a === undefined || b === undefined || typeof a === typeof b;
  if (!isComparable) throw new Error(`incompatible types for comparison: ${typeof a} and ${typeof b}`);
  return (a ?? null) === (b ?? null);
}

function inOrder(lower: unknown, higher: unknown): boolean {
  if (typeof lower !== typeof higher) throw new Error(`incompatible types for comparison: ${typeof lower}`);
  return (lower as number) < (higher as number);
}

function item(of: unknown, key: unknown): unknown {
  if (of === null || of === undefined) throw new Error('index of untyped nil');
  if (Array.isArray(of)) return of[Number(key)] as unknown;
  return Object.hasOwn(of, key as string) ? (of as Dictionary)[key as string] : null;
}

function printf(format: string, ...values: unknown[]): string {
  const rest = [...values];
  return format.replace(/%([sdv])/g, (_, verb: string) => {
    const value = rest.shift();
    if ((verb === 's') !== (typeof value === 'string') && verb !== 'v') throw new Error(`%${verb} of ${typeof value}`);
    if (verb === 'd' && typeof value !== 'bigint') throw new Error('%d of what is no int');
    return print(value);
  });
}

function indent(width: bigint, text: string): string {
  const pad = ' '.repeat(Number(width));
  return pad + text.replaceAll('\n', `\n${pad}`);
}

function merged(first: Dictionary, second: Dictionary): Dictionary {
  const result = { ...first };
  for (const [key, value] of Object.entries(second)) {
    if (isMap(result[key]) && isMap(value)) result[key] = merged(result[key], value);
    else if (!isTrue(result[key])) result[key] = value;
  }
  return result;
}

function isMap(value: unknown): value is Dictionary {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
