import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

// Run where curl is installed (vitest.config.ts).
describe('deploy/roll.sh', () => {
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
