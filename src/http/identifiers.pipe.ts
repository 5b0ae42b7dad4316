import { Injectable, type PipeTransform } from '@nestjs/common';
import { NotFoundError } from './domain-error.js';

const UUID = /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;
const MAX_INT4 = 2_147_483_647;

/** A UUID in a path, with or without hyphens. A malformed one is an unknown one: 404. */
@Injectable()
export class UuidPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    if (!UUID.test(value)) throw new NotFoundError();
    return canonicalUuid(value);
  }
}

/** A positive integer id in a path. A malformed one is an unknown one: 404. */
@Injectable()
export class IntegerIdPipe implements PipeTransform<string, number> {
  transform(value: string): number {
    const id = integerId(value);
    if (id === null) throw new NotFoundError();
    return id;
  }
}

/** An id in a path as the API spells it, whatever kind of id it is; null when it is none. */
export function canonicalId(value: string): string | null {
  return UUID.test(value) ? canonicalUuid(value) : (integerId(value)?.toString() ?? null);
}

function canonicalUuid(value: string): string {
  const hex = value.replaceAll('-', '').toLowerCase();
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function integerId(value: string): number | null {
  const id = /^\d{1,10}$/.test(value) ? Number(value) : 0;
  return id < 1 || id > MAX_INT4 ? null : id;
}
