import 'reflect-metadata';
import { type ArgumentMetadata, Injectable, type PipeTransform, type Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, validate, type ValidationError } from 'class-validator';
import { closest, distance } from 'fastest-levenshtein';
import { originOf, UnreadableBody } from './body-parsing.js';
import { type FieldMessages, InvalidInputError } from './domain-error.js';
import { RawJson, rawMember } from './raw-json.js';

const RAW_FIELDS = 'http:raw-json-fields';
/** Unknown fields that an answer names. */
const MAX_UNKNOWN_FIELDS = 20;
const READ_ONLY_FIELDS = 'http:read-only-fields';

/** Marks a DTO's property as `RawJson`: it holds the member's text instead of its parsed value. */
export function RawJsonField(): PropertyDecorator {
  return (target, property) => {
    const fields = (Reflect.getMetadata(RAW_FIELDS, target.constructor) ?? []) as string[];
    Reflect.defineMetadata(RAW_FIELDS, [...fields, String(property)], target.constructor);
  };
}

/** Names of the representation that clients send back and that change nothing. */
export function ReadOnlyFields(names: readonly string[]): ClassDecorator {
  return (target) => Reflect.defineMetadata(READ_ONLY_FIELDS, names, target);
}

/**
 * Turns a body into its DTO: trims its texts but for raw JSON, validates it, answers faults by field in the words that
 * the clients of the replaced service know, and names unknown fields in a `Warning` header (or refuses them under
 * `Prefer: handling=strict`).
 */
@Injectable()
export class InputPipe implements PipeTransform {
  async transform(value: unknown, { type, metatype }: ArgumentMetadata): Promise<unknown> {
    if (type !== 'body') return value;
    if (value instanceof UnreadableBody) throw value.fault;
    if (!metatype || metatype === Object) return value;
    const body = (value ?? {}) as Record<string, unknown>;
    const known = sortFields(body, metatype);
    const input = withRawFields(body, metatype);
    refuseUnwritable(input);
    // Nothing else: to look at ten thousand unknown fields one by one would hold the others' requests up.
    const fields = Object.fromEntries(known.map((name) => [name, trimmed(input[name])]));
    const dto = plainToInstance(metatype as Type<object>, fields);
    const faults = await validate(dto, { whitelist: true, stopAtFirstError: true });
    if (faults.length > 0) throw new InvalidInputError(fieldMessages(faults));
    return dto;
  }
}

function withRawFields(body: Record<string, unknown>, metatype: Type): Record<string, unknown> {
  const names = (Reflect.getMetadata(RAW_FIELDS, metatype) ?? []) as string[];
  const json = originOf(body)?.json;
  const raw: [string, RawJson | undefined][] = names
    .filter((name) => Object.hasOwn(body, name))
    .map((name) => [name, json ? rawMember(json, name) : new RawJson(String(body[name]))]);
  return raw.length > 0 ? { ...body, ...Object.fromEntries<unknown>(raw) } : body;
}

/** A text, or each text of a list, without the white space around it; anything else as it is. */
function trimmed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => (typeof item === 'string' ? item.trim() : item));
  return typeof value === 'string' ? value.trim() : value;
}

/** Text that the database cannot keep, or not unchanged. What is within a payload is for its own check. */
function refuseUnwritable(body: Record<string, unknown>): void {
  const faults: FieldMessages = {};
  for (const [name, value] of Object.entries(body)) {
    if (typeof value !== 'string') continue;
    if (value.includes('\0')) faults[name] = ['Null characters are not allowed.'];
    else if (!value.isWellFormed()) faults[name] = ['Lone surrogates are no characters.'];
  }
  if (Object.keys(faults).length > 0) throw new InvalidInputError(faults);
}

/**
 * Tells the client of fields that the route does not know, and the request's origin of those that it does.
 *
 * @returns the names of the latter
 */
function sortFields(body: Record<string, unknown>, metatype: Type): string[] {
  const known = knownFields(metatype);
  const ignored = new Set((Reflect.getMetadata(READ_ONLY_FIELDS, metatype) ?? []) as string[]);
  const given = Object.keys(body).filter((name) => !ignored.has(name));
  const unknown = given.filter((name) => !known.includes(name)).slice(0, MAX_UNKNOWN_FIELDS);
  const fields = given.filter((name) => known.includes(name));
  const origin = originOf(body);
  if (origin) origin.fields = fields;
  if (unknown.length === 0) return fields;
  const messages = Object.fromEntries(unknown.map((name) => [name, [unknownFieldMessage(name, known)]]));
  if (isStrict(origin?.request.headers.prefer)) throw new InvalidInputError(messages);
  const text = unknown.map((name) => `${JSON.stringify(name)}: ${messages[name]?.[0]}`).join('; ');
  // RFC 7234: code 299, no agent, quoted text; anything a header cannot carry is replaced.
  const quoted = text
    .replace(/[^\x20-\x7e]/g, '?')
    .replace(/["\\]/g, '\\$&')
    .slice(0, 1000);
  origin?.reply?.header('warning', `299 - "${quoted}"`);
  return fields;
}

function unknownFieldMessage(name: string, known: string[]): string {
  const nearest = closest(name, known);
  const isNear = distance(name, nearest) <= Math.max(2, name.length / 3);
  return isNear ? `Unknown field, ignored. Did you mean ${nearest}?` : 'Unknown field, ignored.';
}

function isStrict(prefer: string | string[] | undefined): boolean {
  return /(^|[,;\s])handling\s*=\s*"?strict"?/i.test(String(prefer ?? ''));
}

function knownFields(metatype: Type): string[] {
  const metadata = getMetadataStorage().getTargetValidationMetadatas(metatype, '', true, false);
  return [...new Set(metadata.map((entry) => entry.propertyName))];
}

function fieldMessages(faults: ValidationError[]): FieldMessages {
  return Object.fromEntries(faults.map((fault) => [fault.property, [messageOf(fault)]]));
}

function messageOf(fault: ValidationError): string {
  if (fault.value === undefined) return 'This field is required.';
  if (fault.value === null) return 'This field may not be null.';
  if (typeof fault.value === 'string' && fault.value.trim() === '') return 'This field may not be blank.';
  return Object.values(fault.constraints ?? {})[0] ?? 'Not valid.';
}
