import { execFileSync } from 'node:child_process';
import { end, freePort, makeTempDir, startProgram } from './processes.mjs';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const START_PATIENCE_MS = 10_000;

/** @returns its version, or null where there is none */
export function redisVersion() {
  try {
    return /v=(\S+)/.exec(execFileSync('redis-server', ['--version'], { encoding: 'utf8' }))?.[1] ?? null;
  } catch {
    return null;
  }
}

/**
 * A Redis of its own, from a folder that is removed afterwards. It writes an append-only file, synced once a second,
 * which is what BullMQ's users run: a power cut may lose the last second, unlike PostgreSQL with synchronous_commit.
 */
export async function startRedis() {
  const port = await freePort();
  const args = { port, bind: '127.0.0.1', dir: makeTempDir(), appendonly: 'yes', appendfsync: 'everysec', save: '' };
  const child = startProgram('redis-server', [
    ...Object.entries({ ...args, 'maxmemory-policy': 'noeviction' }).flatMap(([name, value]) => [
      `--${name}`,
      String(value),
    ]),
  ]);
  child.stdout.resume();
  const deadline = Date.now() + START_PATIENCE_MS;
  while (!(await answers(port))) {
    if (Date.now() > deadline || child.exitCode !== null) throw new Error('redis-server does not start');
    await delay(20);
  }
  return { port, child, stop: () => end(child) };
}

function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString().startsWith('+PONG'));
    });
    socket.once('error', () => resolve(false));
  });
}
