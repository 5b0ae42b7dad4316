import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { SELF_SIGNED } from './self-signed.js';

const PROGRAM = '/usr/sbin/nginx';
const CONFIGURATION = fileURLToPath(new URL('../../../deploy/nginx/seed-scheduler.conf', import.meta.url));
/** The ports of the replicas in that file. */
const PORTS = [3001, 3002, 3003];
const START_MS = 10_000;

/** nginx with the configuration that operators are given, on other ports and in a folder of its own. */
export class Nginx implements AsyncDisposable {
  static readonly isInstalled = existsSync(PROGRAM);

  private constructor(
    private readonly child: ChildProcess,
    private readonly drainDir: string,
    readonly url: string,
  ) {}

  /** @param ports of the three replicas, in the order of the configuration */
  static async start(folder: string, ports: number[]): Promise<Nginx> {
    const home = join(folder, 'nginx');
    const drainDir = join(home, 'drain');
    mkdirSync(drainDir, { recursive: true });
    const [port, plain] = await freePorts(2);
    writeFileSync(join(home, 'certificate.pem'), SELF_SIGNED.certificate);
    writeFileSync(join(home, 'key.pem'), SELF_SIGNED.key, { mode: 0o600 });
    writeFileSync(join(home, 'seed-scheduler.conf'), moved({ home, drainDir, ports, port, plain }));
    writeFileSync(join(home, 'nginx.conf'), around(home));
    const child = spawn(PROGRAM, ['-p', home, '-c', join(home, 'nginx.conf'), '-g', 'daemon off;'], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    await reachable(port);
    return new Nginx(child, drainDir, `https://127.0.0.1:${port}`);
  }

  /** As `deploy/roll.sh` does: no request goes to this replica from now on. */
  drain(port: number): void {
    writeFileSync(join(this.drainDir, `drain-${port}`), '');
  }

  undrain(port: number): void {
    rmSync(join(this.drainDir, `drain-${port}`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await ended;
  }
}

/** Ports that nobody listens on at the moment. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

interface Place {
  home: string;
  drainDir: string;
  ports: number[];
  port: number;
  plain: number;
}

/** The operators' configuration with nothing changed but ports, files and folders. */
function moved({ home, drainDir, ports, port, plain }: Place): string {
  const given = readFileSync(CONFIGURATION, 'utf8')
    .replaceAll('/etc/ssl/seed-scheduler/fullchain.pem', join(home, 'certificate.pem'))
    .replaceAll('/etc/ssl/seed-scheduler/privkey.pem', join(home, 'key.pem'))
    .replaceAll('/var/log/nginx/', `${home}/`)
    .replaceAll('/run/seed-scheduler/', `${drainDir}/`)
    .replace('listen 80;', `listen 127.0.0.1:${plain};`)
    .replace('listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`);
  return PORTS.reduce(
    (text, known, i) =>
      text
        .replaceAll(`127.0.0.1:${known} `, `127.0.0.1:${ports[i]} `)
        .replaceAll(`drain-${known}`, `drain-${ports[i]}`),
    given,
  );
}

function around(home: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${home}/t;`);
  return `
    pid ${home}/nginx.pid;
    error_log ${home}/error.log;
    worker_processes 2;
    events { worker_connections 1024; }
    http { ${temporary.join(' ')} include ${home}/seed-scheduler.conf; }`;
}

async function reachable(port: number): Promise<void> {
  const deadline = Date.now() + START_MS;
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    if (Date.now() > deadline) throw new Error('nginx does not listen');
    await delay(50);
  }
}
