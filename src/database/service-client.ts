import type { Client } from 'pg';
import { ImpatientClient } from './impatient-client.js';
import { SETTLE_SESSION } from './session-settings.js';

type Callback = Parameters<Client['connect']>[0];

/** A connection whose session has the settings that the service's statements depend on, whatever its role's are. */
export class ServiceClient extends ImpatientClient {
  override connect(): Promise<Client>;
  override connect(callback: Callback): void;
  override connect(callback?: Callback): Promise<Client> | void {
    const connected = this.connectAndSettle();
    if (!callback) return connected;
    const report = callback as (error: Error | null, client?: Client) => void;
    connected.then(
      () => report(null, this),
      (error: Error) => report(error),
    );
  }

  private async connectAndSettle(): Promise<this> {
    // A pool listens for errors only from the time that it has the connection.
    const ignore = () => undefined;
    this.on('error', ignore);
    try {
      await super.connect();
      await this.query(SETTLE_SESSION);
    } catch (error) {
      void this.end().catch(ignore);
      throw error;
    } finally {
      // An error that comes with the same packet is emitted before this.
      setImmediate(() => this.off('error', ignore));
    }
    return this;
  }
}
