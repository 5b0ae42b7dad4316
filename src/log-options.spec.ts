import { Writable } from 'node:stream';
import { pinoHttp } from 'pino-http';
import { describe, expect, it } from 'vitest';
import { logOptions } from './log-options.js';

/** What a line becomes. */
function logged(line: object): Record<string, unknown> {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  pinoHttp(logOptions('trace'), stream).logger.info(line);
  return JSON.parse(lines[0]) as Record<string, unknown>;
}

describe('a log line', () => {
  it('has the fields of the list; of others it tells the name alone', () => {
    const line = logged({ msg: 'attempt', delivery: 'd1', headers: { authorization: 's3cret' }, token: 's3cret' });
    expect(line).toMatchObject({ msg: 'attempt', delivery: 'd1', omitted: ['headers', 'token'] });
    expect(JSON.stringify(line)).not.toContain('s3cret');
  });

  it('has no objects in fields that are for plain values', () => {
    const line = logged({ origin: { url: 'http://x.test/?key=s3cret' }, tick: new Date(0) });
    expect(line).toMatchObject({ tick: '1970-01-01T00:00:00.000Z', omitted: ['origin'] });
    expect(JSON.stringify(line)).not.toContain('s3cret');
  });

  it('has of an error its message and stack, and not what else is in it', () => {
    const error = Object.assign(new Error('refused'), { parameters: ['s3cret'], config: { auth: 's3cret' } });
    const line = logged({ err: error });
    expect(line).toMatchObject({
      err: { type: 'Error', message: 'refused', stack: expect.stringContaining('log-options') as string },
    });
    expect(JSON.stringify(line)).not.toContain('s3cret');
  });

  it('has of a request its method and path, and neither headers nor query', () => {
    const req = { id: 7, method: 'GET', url: '/api/?access_token=s3cret', headers: { authorization: 's3cret' } };
    const line = logged({ req });
    expect(line.req).toEqual({ id: 7, method: 'GET', url: '/api/' });
  });
});
