import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LineOutput } from './standard-output.js';

const LINE = 'x'.repeat(1_000);
/** More than a pipe and the buffer hold. */
const MANY = 2_000;
const { O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

describe('lines', () => {
  let folder: string;
  let pipe: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lines-'));
    pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const openPipe = () => ({
    reader: openSync(pipe, O_RDONLY | O_NONBLOCK),
    writer: openSync(pipe, O_WRONLY | O_NONBLOCK),
  });

  const readAll = (fd: number): string => {
    const chunks: Buffer[] = [];
    for (const buffer = Buffer.alloc(65_536); ;) {
      try {
        const count = readSync(fd, buffer);
        if (count === 0) break;
        chunks.push(Buffer.from(buffer.subarray(0, count)));
      } catch (error) {
        expect((error as NodeJS.ErrnoException).code).toBe('EAGAIN');
        break;
      }
    }
    return Buffer.concat(chunks).toString();
  };

  it('are written in their order, whole', async () => {
    const file = join(folder, 'file');
    const output = new LineOutput(openSync(file, 'a'));
    const lines = Array.from({ length: MANY }, (_, i) => `${i} \u{1F600}`);
    for (const line of lines) output.line(line);

    await output.drained(30_000);

    expect(readFileSync(file, 'utf8')).toBe(`${lines.join('\n')}\n`);
    expect(output.dropped).toBe(0);
  });

  it('are dropped when the reader stalls, and their number is reported when it reads on', async () => {
    const { reader, writer } = openPipe();
    const output = new LineOutput(writer);
    for (let i = 0; i < MANY; i++) output.line(LINE);
    expect(output.dropped).toBeGreaterThan(0);
    const { dropped } = output;

    let text = '';
    await vi.waitFor(
      () => {
        text += readAll(reader);
        expect(text).toContain('"msg"');
      },
      { timeout: 30_000, interval: 5 },
    );

    const lines = text.trim().split('\n');
    expect(lines.filter((line) => line === LINE)).toHaveLength(MANY - dropped);
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({
      level: 50,
      msg: `${dropped} log lines could not be written and were dropped`,
    });
    for (const fd of [reader, writer]) closeSync(fd);
  });

  it('are dropped when the reader is gone or the disk is full, and nothing fails', async () => {
    const { reader, writer } = openPipe();
    closeSync(reader);
    for (const fd of [writer, openSync('/dev/full', 'w')]) {
      const output = new LineOutput(fd);
      for (let i = 0; i < MANY; i++) output.line(LINE);
      // It does not wait for what cannot be written.
      await output.drained(Infinity);
      output.flushSync();
      expect(output.dropped).toBeGreaterThan(0);
      closeSync(fd);
    }
  });

  it('are flushed at the end of the process', () => {
    const file = join(folder, 'file');
    const output = new LineOutput(openSync(file, 'a'));
    output.flushSync();
    output.line('first');
    output.line('second');
    output.flushSync();
    // The first was on its way already, by a write that ends on its own.
    expect(readFileSync(file, 'utf8')).toContain('second\n');
  });
});
