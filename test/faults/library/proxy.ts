import { createServer, connect, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

/**
 * `forward`: as if it were not there. `stall`: takes connections and bytes but passes nothing on, and closes nothing,
 * as a firewall that forgot its table. `swallow`: requests get through, replies do not.
 */
export type ProxyMode = 'forward' | 'stall' | 'swallow';

interface Link {
  near: Socket;
  far: Socket | null;
}

/** A TCP proxy before PostgreSQL. */
export class Proxy implements AsyncDisposable {
  private readonly links = new Set<Link>();
  private mode: ProxyMode = 'forward';

  private constructor(
    private readonly server: Server,
    private readonly target: number,
  ) {
    server.on('connection', (near) => this.accept(near));
  }

  static async start(targetPort: number): Promise<Proxy> {
    const server = createServer({ allowHalfOpen: true });
    const proxy = new Proxy(server, targetPort);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  set(mode: ProxyMode): void {
    this.mode = mode;
    for (const link of this.links) this.apply(link);
  }

  /** Closes every connection, without a word. New ones are taken. */
  cut(): void {
    for (const { near, far } of this.links) {
      near.resetAndDestroy();
      far?.resetAndDestroy();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.server.close();
    await once(this.server, 'close');
  }

  private accept(near: Socket): void {
    const link: Link = { near, far: null };
    this.links.add(link);
    near.pause();
    near.on('error', () => {});
    near.on('close', () => {
      this.links.delete(link);
      link.far?.destroy();
    });
    this.apply(link);
  }

  private apply(link: Link): void {
    if (this.mode === 'stall') {
      link.near.pause();
      link.far?.pause();
      return;
    }
    link.far ??= this.open(link);
    link.near.resume();
    link.far.resume();
  }

  private open(link: Link): Socket {
    const { near } = link;
    const far = connect({ port: this.target, host: '127.0.0.1', allowHalfOpen: true });
    far.on('error', () => {});
    far.on('close', () => near.destroy());
    near.on('data', (bytes) => far.write(bytes));
    near.on('end', () => far.end());
    far.on('data', (bytes) => {
      if (this.mode !== 'swallow') near.write(bytes);
    });
    far.on('end', () => near.end());
    return far;
  }
}
