import { hostname } from 'node:os';

/** Names this process in the history: host and pid. */
export const REPLICA = `${hostname()}/${process.pid}`;
