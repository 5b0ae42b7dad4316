import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const SOURCES = join(import.meta.dirname, '..');

/** Imports that open no connection to others. */
const HARMLESS = /import \{ (?:(?:createServer|STATUS_CODES|type \w+)(?:, )?)+ \} from 'node:http'/g;
/** What opens connections by HTTP or TLS, beside this room and the exporter of traces, which has a package of its own. */
const WAYS_OUT =
  /\bfetch\(|new (?:WebSocket|EventSource)\(|import (?!type)[^;]*'(?:node:)?(?:https?2?|tls|axios|undici)'/;

const textOf = (name: string) => readFileSync(join(SOURCES, name), 'utf8').replace(HARMLESS, '');

describe('requests', () => {
  it('leave the service through this room only', () => {
    const others = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter((name) => {
      return name.endsWith('.ts') && !name.endsWith('.spec.ts') && !name.startsWith('outbound/');
    });
    expect(others.length).toBeGreaterThan(100);
    expect(others.filter((name) => WAYS_OUT.test(textOf(name)))).toEqual([]);
  });
});
