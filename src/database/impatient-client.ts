import { Client, type ClientConfig } from 'pg';

const GIVEN_UP = 'Query read timeout';

/**
 * A connection that is given up when a reply does not come within `query_timeout`.
 *
 * pg by itself fails the query and keeps the connection, which then answers every later query as late, or never: where
 * a reply was lost on the way (a firewall, a proxy, a failover) it would stay in its pool for ever.
 */
export class ImpatientClient extends Client {
  constructor(config?: string | ClientConfig) {
    super(config);
    const query = this.query.bind(this) as (...args: unknown[]) => unknown;
    this.query = ((...args: unknown[]) => {
      const result = query(...args);
      if (result instanceof Promise) result.catch((error: unknown) => this.endIfSilent(error));
      return result;
    }) as Client['query'];
  }

  private endIfSilent(error: unknown): void {
    if (!(error instanceof Error) || error.message !== GIVEN_UP) return;
    // The query is still waited for, so pg cuts the socket instead of saying goodbye.
    void this.end();
  }
}
