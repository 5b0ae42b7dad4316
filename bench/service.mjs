import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { Settings } from '../dist/config/settings.js';
import { SERVICE_FLAGS } from '../scripts/service-flags.mjs';
import { end, freePort, makeTempDir, startScript } from './processes.mjs';

const ADMIN_TOKEN = 'bench-admin-token-0123456789';
const SECRET_KEY = 'bench-secret-key-0123456789-0123456789';
const READY_PATIENCE_MS = 120_000;
const CONNECTIONS = 64;

/** Whether the service that was built knows a setting. */
export function hasSetting(name) {
  return name in new Settings();
}

/** The built service on a database of the benchmark's PostgreSQL. Resolves when /health/ready answers 200. */
export async function startService(database, { env = {}, nodeOptions = [] } = {}) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const start = performance.now();
  const child = startScript('dist/main.js', [], {
    nodeOptions: [...SERVICE_FLAGS, ...nodeOptions],
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      DATABASE_URL: database.url,
      SECRET_KEY,
      DATA_DIR: makeTempDir(),
      HOST: '127.0.0.1',
      PORT: String(port),
      LOG_LEVEL: 'warn',
      // The sinks are on loopback.
      EGRESS_ALLOW: 'loopback',
      SCHEDULER_ADMIN_TOKEN: ADMIN_TOKEN,
      ...env,
    },
  });
  child.stdout.resume();
  while (!(await isReady(url))) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('the service does not start');
    if (performance.now() - start > READY_PATIENCE_MS) throw new Error('the service does not become ready');
    await delay(10);
  }
  const startSeconds = (performance.now() - start) / 1000;
  const agent = new Agent({ connections: CONNECTIONS });
  const headers = { authorization: `Token ${ADMIN_TOKEN}`, 'content-type': 'application/json' };

  async function call(method, path, body, expected = 200) {
    const response = await request(url + path, {
      dispatcher: agent,
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.body.text();
    if (response.statusCode !== expected) throw new Error(`${method} ${path}: ${response.statusCode} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  return {
    child,
    url,
    startSeconds,
    get: (path) => call('GET', path),
    create: (schedule) => call('POST', '/api/v1/schedule/', schedule, 201),
    /** May be called again. */
    async stop() {
      if (!agent.closed) await agent.close();
      await end(child);
    },
  };
}

/** Runs the service on a database of its own, and removes both afterwards. */
export async function withService(postgres, options, use) {
  const database = await postgres.createDatabase();
  try {
    const service = await startService(database, options);
    try {
      return await use({ database, service });
    } finally {
      await service.stop();
    }
  } finally {
    await database.drop();
  }
}

async function isReady(url) {
  try {
    const { statusCode, body } = await request(`${url}/health/ready`);
    await body.dump();
    return statusCode === 200;
  } catch {
    return false;
  }
}
