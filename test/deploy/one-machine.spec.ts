import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Settings } from '../../src/config/settings.js';
import { BODY_LIMIT_BYTES } from '../../src/http/body-parsing.js';

const UNIT = readFileSync('deploy/systemd/seed-scheduler@.service', 'utf8');
const NGINX = readFileSync('deploy/nginx/seed-scheduler.conf', 'utf8').replace(/#.*$/gm, '');
const GRACE_S = 30;
const MARGIN_S = 5;

describe('the unit for systemd', () => {
  it('runs the service with the flags of npm start, and as many threads', () => {
    const source = readFileSync('scripts/service-flags.mjs', 'utf8');
    const flags = [...source.matchAll(/'(--[^']+)'/g)].map(([, flag]) => flag);
    const [, threads] = /UV_THREADPOOL_SIZE: '(\d+)'/.exec(source)!;

    expect(UNIT).toContain(`/node ${flags.join(' ')} dist/main.js\n`);
    expect(UNIT).toMatch(new RegExp(`^Environment=.*\\bUV_THREADPOOL_SIZE=${threads}$`, 'm'));
  });

  it('waits for the longest stop before it kills', () => {
    const delay = Number(/^SHUTDOWN_DELAY=(\d+)$/m.exec(readFileSync('docs/operations.md', 'utf8'))![1]);

    const longest = delay + new Settings().DEFAULT_REQUEST_TIMEOUT + GRACE_S + MARGIN_S;

    expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(UNIT)![1])).toBe(longest);
  });
});

describe('the configuration of nginx', () => {
  it('never sends a POST twice', () => {
    expect(NGINX).toContain('proxy_next_upstream error timeout;');
    expect(NGINX).not.toContain('non_idempotent');
  });

  it('refuses bodies that the service would refuse, and no others', () => {
    expect(NGINX).toContain(`client_max_body_size ${BODY_LIMIT_BYTES / 1024}k;`);
  });

  it('passes on nothing that a client says of itself in forwarded headers', () => {
    expect(NGINX).toContain('proxy_set_header X-Forwarded-For $remote_addr;');
    expect(NGINX).toContain('proxy_set_header X-Forwarded-Proto $scheme;');
    expect(NGINX).toContain('proxy_set_header X-Forwarded-Host $http_host;');
  });

  it('leaves each replica out of the pool for its own restart, and no other', () => {
    const pools = new Map(
      [...NGINX.matchAll(/upstream (\w+) \{([^}]*)\}/g)].map(([, name, servers]) => [
        name,
        [...servers.matchAll(/:(\d+) /g)].map(([, port]) => port),
      ]),
    );
    const all = pools.get('seed_all')!;
    expect(all).toHaveLength(3);

    for (const port of all) {
      expect(pools.get(`seed_without_${port}`)).toEqual(all.filter((other) => other !== port));
      expect(NGINX).toContain(`if (-f /run/seed-scheduler/drain-${port}) { set $seed_pool seed_without_${port}; }`);
    }
  });
});

const isCurlThere = spawnSync('curl', ['--version']).error === undefined;

describe.skipIf(!isCurlThere)('deploy/roll.sh', () => {
  let folder: string;
  let replicas: Replica[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'seed-roll-'));
    replicas = [await Replica.start(), await Replica.start()];
    // Notes for each restart which replica it was and what nginx was told at the time.
    writeFileSync(join(folder, 'restart'), `#!/bin/sh\necho "$1: $(ls ${folder}/drain)" >> ${folder}/log\n`);
    chmodSync(join(folder, 'restart'), 0o755);
  });

  afterEach(async () => {
    await Promise.all(replicas.map((replica) => replica.stop()));
    rmSync(folder, { recursive: true });
  });

  const roll = (patienceS = 10) =>
    new Promise<number>((resolve) => {
      const environment = {
        ...process.env,
        RESTART: `${folder}/restart `,
        DRAIN_DIR: `${folder}/drain`,
        PATIENCE_S: String(patienceS),
      };
      const ports = replicas.map(({ port }) => String(port));
      const child = execFile('deploy/roll.sh', ports, { env: environment }, () => resolve(child.exitCode!));
    });

  it('restarts one replica after another, each out of the way meanwhile and back in it afterwards', async () => {
    const code = await roll();

    expect(code).toBe(0);
    const restarts = replicas.map(({ port }) => `${port}: drain-${port}\n`);
    expect(readFileSync(join(folder, 'log'), 'utf8')).toBe(restarts.join(''));
    expect(readdirSync(join(folder, 'drain'))).toEqual([]);
  });

  it('does nothing while a replica is down', async () => {
    replicas[1].status = 503;

    const code = await roll();

    expect(code).toBe(1);
    expect(readdirSync(folder)).toEqual(['restart']);
  });

  it('stops at a replica that does not come back, and leaves it out of the way', async () => {
    // Ready when it is looked at before, and not after the restart.
    replicas[0].failsAfter = 1;

    const code = await roll(2);

    expect(code).toBe(1);
    expect(readFileSync(join(folder, 'log'), 'utf8')).toBe(`${replicas[0].port}: drain-${replicas[0].port}\n`);
    expect(readdirSync(join(folder, 'drain'))).toEqual([`drain-${replicas[0].port}`]);
  });
});

/** Answers the readiness probe. */
class Replica {
  status = 200;
  failsAfter = Infinity;

  private constructor(private readonly server: Server) {
    server.on('request', (_, response) => {
      response.statusCode = this.failsAfter-- > 0 ? this.status : 503;
      response.end();
    });
  }

  static async start(): Promise<Replica> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Replica(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.server.close();
    await once(this.server, 'close');
  }
}
