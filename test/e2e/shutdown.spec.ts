import { Agent, createServer, request, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { aSchedule } from '../support/app.js';
import { createDatabase } from '../support/database.js';
import { renderChart } from '../support/helm/chart.js';
import { ofKind } from '../support/kubernetes/objects.js';
import { startProcess } from '../support/process.js';

interface Container {
  env: { name: string; value?: string }[];
}

describe('a pod that is asked to stop', () => {
  it('is not ready at once, answers on, finishes and records what is in flight, and ends in the time it has', async () => {
    const { gracePeriodMs, environment } = podOfTheChart();
    await using database = await createDatabase();
    await using endpoint = await startSlowEndpoint();
    await using service = await startProcess({ ...environment, DATABASE_URL: database.url });
    const keptAlive = new Agent({ keepAlive: true, maxSockets: 1 });
    expect(await statusOver(keptAlive, `${service.url}/health/ready`)).toBe(200);
    await service.call('POST', '/api/v1/schedule/', aSchedule({ endpoint: endpoint.url, frequency: 1 }));
    const answer = await endpoint.isAsked;

    const signalledAt = Date.now();
    const exit = service.end('SIGTERM');
    await until(async () => (await service.call('GET', '/health/ready')).status === 503);

    expect(Date.now() - signalledAt).toBeLessThan(2_500);
    expect(await statusOver(keptAlive, `${service.url}/api/v1/schedule/`)).toBe(401);
    expect((await service.call('POST', '/api/v1/schedule/', aSchedule({ enabled: false }))).status).toBe(201);
    // Through the delay and into the drain, which the attempt in flight prolongs.
    const drainingAt = signalledAt + Number(environment.SHUTDOWN_DELAY) * 1000 + 1_000;
    do {
      const probes = [await service.call('GET', '/health/live'), await service.call('GET', '/health/ready')];
      expect(probes.map(({ status }) => status)).toEqual([200, 503]);
    } while (Date.now() < drainingAt);
    answer.end('ok');

    expect(await exit).toBe(0);
    expect(Date.now() - signalledAt).toBeLessThan(gracePeriodMs);
    expect(await database.query('SELECT outcome, status FROM attempts')).toEqual([
      { outcome: 'delivered', status: 200 },
    ]);
    keptAlive.destroy();
  });

  it('takes new connections for the whole delay, though nothing is in flight', async () => {
    await using database = await createDatabase();
    await using service = await startProcess({ DATABASE_URL: database.url, SHUTDOWN_DELAY: '2' });

    const signalledAt = Date.now();
    const exit = service.end('SIGTERM');
    await until(async () => !(await isListening(service.url)));

    expect(Date.now() - signalledAt).toBeGreaterThanOrEqual(2_000);
    expect(await exit).toBe(0);
  });
});

/** What the chart gives to every pod: the time before SIGKILL, and the settings that bear on it. */
function podOfTheChart(): { gracePeriodMs: number; environment: Record<string, string> } {
  const [deployment] = ofKind(renderChart(), 'Deployment');
  const pod = deployment?.spec.template.spec as { terminationGracePeriodSeconds: number; containers: Container[] };
  const settings = pod.containers.flatMap(({ env }) => env.map(({ name, value }) => [name, value ?? '']));
  return {
    gracePeriodMs: pod.terminationGracePeriodSeconds * 1000,
    environment: Object.fromEntries(settings.filter(([, value]) => value)) as Record<string, string>,
  };
}

interface SlowEndpoint extends AsyncDisposable {
  url: string;
  /** the answer to the first request, for the test to end */
  isAsked: Promise<ServerResponse>;
}

async function startSlowEndpoint(): Promise<SlowEndpoint> {
  const server = createServer();
  const isAsked = new Promise<ServerResponse>((resolve) => server.once('request', (_, response) => resolve(response)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/slow`,
    isAsked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The status of a GET without a token, over the one connection of an agent. */
function statusOver(agent: Agent, url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode));
    });
    sent.once('error', reject).end();
  });
}

function isListening(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}
