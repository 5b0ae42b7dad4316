import { createServer } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { end, startScript } from './processes.mjs';

const ADMIN_TOKEN = 'bench-admin-token-0123456789';
const READY_PATIENCE_MS = 120_000;

/** The built service on its embedded PostgreSQL. Resolves when /health/ready answers 200. */
export async function startService(dataDir, nodeOptions = []) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const start = performance.now();
  const child = startScript('dist/main.js', [], {
    nodeOptions,
    env: {
      PATH: process.env.PATH,
      ...(process.env.DELIVERY_CONCURRENCY_PER_ORIGIN && { DELIVERY_CONCURRENCY_PER_ORIGIN: process.env.DELIVERY_CONCURRENCY_PER_ORIGIN }),
      DATA_DIR: dataDir,
      HOST: '127.0.0.1',
      PORT: String(port),
      LOG_LEVEL: 'warn',
      SCHEDULER_ADMIN_TOKEN: ADMIN_TOKEN,
    },
  });
  child.stdout.resume();
  while (!(await isReady(url))) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('the service does not start');
    if (performance.now() - start > READY_PATIENCE_MS) throw new Error('the service does not become ready');
    await delay(10);
  }
  const startSeconds = (performance.now() - start) / 1000;
  const agent = new Agent({ connections: 64 });
  return {
    child,
    startSeconds,
    async create(schedule) {
      const { statusCode, body } = await request(`${url}/api/v1/schedule/`, {
        dispatcher: agent,
        method: 'POST',
        headers: { authorization: `Token ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
        body: JSON.stringify(schedule),
      });
      const text = await body.text();
      if (statusCode !== 201) throw new Error(`a schedule was not created: ${statusCode} ${text}`);
    },
    async stop() {
      await agent.close();
      await end(child);
    },
  };
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

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
