import type { Socket } from 'node:net';
import { type buildConnector, Client, type Dispatcher, type Pool } from 'undici';
import { InterimResponses } from './interim-responses.js';

/** Bytes of interim responses to one request. */
const MAX_INTERIM_BYTES = 16 * 1024;

/** The request that a connection carries. */
export interface CarriedRequest {
  /** All that has come so far has been parsed. */
  onParsed(): void;
}

/** A connection to a receiver, and what is known of it that undici does not say. */
export class Connection {
  private requests = 0;
  private request: CarriedRequest | null = null;
  private readonly interim = new InterimResponses(MAX_INTERIM_BYTES);
  private hasHeard = false;

  constructor(socket: Socket) {
    const read = socket.read.bind(socket) as (size?: number) => Buffer | null;
    socket.read = (size?: number) => {
      const chunk = read(size);
      if (chunk !== null) return this.received(chunk, socket);
      // undici reads until nothing is left, and parses in between.
      this.request?.onParsed();
      return null;
    };
  }

  /** A request begins to be written. */
  begin(request: CarriedRequest): void {
    this.requests += 1;
    this.request = request;
    this.hasHeard = false;
    this.interim.restart();
  }

  /** Whether the connection was kept from an earlier request, and no byte came since the last one began. */
  get isKeptAndSilent(): boolean {
    return this.requests > 1 && !this.hasHeard;
  }

  private received(chunk: Buffer, socket: Socket): Buffer | null {
    this.hasHeard = true;
    try {
      return this.interim.next(chunk);
    } catch (error) {
      socket.destroy(error as Error);
      return null;
    }
  }
}

/** Where a client's connections go by, one at a time. */
export interface Line {
  /** null while it is connecting, and before */
  connection: Connection | null;
}

/** A handler that wants to know which connection its request goes by. */
export interface LineHandler extends Dispatcher.DispatchHandler {
  line: Line | null;
}

/** Tells the handlers of its requests which connection is theirs. */
class LineClient extends Client {
  constructor(
    origin: URL,
    options: Client.Options,
    private readonly line: Line,
  ) {
    super(origin, options);
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    (handler as LineHandler).line = this.line;
    return super.dispatch(options, handler);
  }
}

/** Makes the clients of a pool. Whatever is dispatched through it must be by a LineHandler. */
export function lineClient(origin: URL, options: Pool.Options): Client {
  const line: Line = { connection: null };
  const connect = options.connect as buildConnector.connector;
  const connector: buildConnector.connector = (target, callback) => {
    line.connection = null;
    connect(target, (...outcome) => {
      if (outcome[1]) line.connection = new Connection(outcome[1]);
      callback(...outcome);
    });
  };
  return new LineClient(origin, { ...options, connect: connector }, line);
}
