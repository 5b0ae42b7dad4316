import { existsSync, readFileSync } from 'node:fs';
import { join, matchesGlob } from 'node:path';
import { fileURLToPath } from 'node:url';
import { validate } from 'dockerfile-utils';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const scripts: string = join(ROOT, 'scripts/service-flags.mjs');
const { SERVICE_FLAGS } = (await import(scripts)) as { SERVICE_FLAGS: string[] };
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

interface Instruction {
  name: string;
  text: string;
}

/** The instructions of the Dockerfile, their lines joined, by stage. */
const STAGES = read('Dockerfile')
  .replace(/^#.*\n/gm, '')
  .replaceAll(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => line.trim())
  .map((line) => /^(\S+)\s+(.*)$/.exec(line.trim()) ?? [])
  .map(([, name = '', text = '']): Instruction => ({ name, text }))
  .reduce<Instruction[][]>((stages, one) => {
    if (one.name === 'FROM') stages.push([]);
    stages.at(-1)?.push(one);
    return stages;
  }, []);
const IMAGE = STAGES.at(-1) ?? [];
const last = (name: string) => IMAGE.findLast((one) => one.name === name)?.text ?? '';

describe('the Dockerfile', () => {
  it('has no fault that a linter knows', () => {
    const faults = validate(read('Dockerfile')).map(({ message, range }) => [range.start.line + 1, message]);
    expect(faults).toEqual([]);
  });

  it('begins every stage with a Node.js of one exact version or with another stage', () => {
    const names = STAGES.map(([from]) => /\sAS\s+(\S+)$/.exec(from?.text ?? '')?.[1]);
    const bases = STAGES.map(([from]) => from?.text.split(' ')[0] ?? '');

    expect(read('Dockerfile')).toMatch(/^ARG NODE_IMAGE=node:\d+\.\d+\.\d+-bookworm-slim$/m);
    for (const base of bases) expect(['${NODE_IMAGE}', ...names]).toContain(base);
  });

  it('runs the Node.js that the service is tested with', () => {
    const { dependencies } = JSON.parse(read('package.json')) as { dependencies: { node: string } };
    expect(read('Dockerfile')).toContain(`ARG NODE_IMAGE=node:${dependencies.node}-`);
  });

  it('installs what the lock file says and nothing else', () => {
    const installing = STAGES.flat().filter(
      ({ name, text }) => name === 'RUN' && /\bnpm (i|ci|install|exec)\b/.test(text),
    );
    expect(installing).toHaveLength(2);
    for (const { text } of installing) expect(text).toMatch(/\bnpm ci\b/);
  });

  it('makes an image whose user is a number that is not root', () => {
    expect(last('USER')).toBe('1000:1000');
  });

  it('starts the service as npm start does', () => {
    expect(JSON.parse(last('CMD'))).toEqual(['node', ...SERVICE_FLAGS, 'dist/main.js']);
  });

  it('looks up more than two names at a time', () => {
    expect(Number(/\bUV_THREADPOOL_SIZE=(\d+)/.exec(last('ENV'))?.[1])).toBeGreaterThanOrEqual(16);
  });

  it('asks the service for its life', () => {
    expect(last('HEALTHCHECK')).toContain('/health/live');
  });

  it('copies only what is there and is let through to the build', () => {
    const copied = STAGES.flat()
      .filter(({ name, text }) => name === 'COPY' && !text.startsWith('--from'))
      .flatMap(({ text }) => text.split(' ').slice(0, -1));

    expect(copied).toContain('src');
    for (const path of copied) {
      expect(existsSync(join(ROOT, path)), path).toBe(true);
      expect(isSentToTheBuild(path), path).toBe(true);
    }
  });

  it('is built without secrets, data and tests', () => {
    for (const path of [
      '.env',
      '.data/secret.key',
      '.git/config',
      '.npmrc',
      'test/support/app.ts',
      'src/a/b.spec.ts',
    ]) {
      expect(isSentToTheBuild(path), path).toBe(false);
    }
  });
});

describe('the Compose file', () => {
  it('waits longer for the end of the service than the service waits for its last attempt', () => {
    const { services } = parse(read('docker-compose.yml')) as {
      services: { scheduler: { stop_grace_period: string; environment: Record<string, string> } };
    };
    const { stop_grace_period: period, environment } = services.scheduler;
    const requestTimeout = Number(environment.DEFAULT_REQUEST_TIMEOUT ?? 30);
    const delay = Number(environment.SHUTDOWN_DELAY ?? 0);

    expect(Number(/^(\d+)s$/.exec(period)?.[1])).toBeGreaterThan(delay + requestTimeout + 30);
  });

  it('gives the service nothing to write to but its volume, no right to gain, and a former key when there is one', () => {
    const { services } = parse(read('docker-compose.yml')) as { services: { scheduler: Record<string, unknown> } };

    expect(services.scheduler).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      environment: { SECRET_KEY_FALLBACKS: '${SECRET_KEY_FALLBACKS:-}' },
    });
  });
});

/** As Docker reads .dockerignore: the last line that matches the path, or a folder it is in, decides. */
function isSentToTheBuild(path: string): boolean {
  const lines = read('.dockerignore').split('\n');
  return lines
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith('#'))
    .reduce((isSent, line) => {
      const pattern = line.replace(/^!/, '');
      const isMatch = path.startsWith(`${pattern}/`) || matchesGlob(path, pattern) || pattern === '*';
      return isMatch ? line.startsWith('!') : isSent;
    }, true);
}
