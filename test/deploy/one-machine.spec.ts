import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
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
