import killReplicas from './experiments/01-kill-replicas.js';
import failpoints from './experiments/02-failpoints.js';
import rollingRestart from './experiments/03-rolling-restart.js';
import pausedReplica from './experiments/04-paused-replica.js';
import postgresStops from './experiments/05-postgres-stops.js';
import stalledConnection from './experiments/06-stalled-connection.js';
import terminatedConnections from './experiments/07-terminated-connections.js';
import exhaustedDatabase from './experiments/08-exhausted-database.js';
import wrongClock from './experiments/09-wrong-clock.js';
import crontabs from './experiments/10-crontabs.js';
import farFuture from './experiments/11-far-future.js';
import outage from './experiments/12-outage.js';
import herd from './experiments/13-herd.js';
import hangingEndpoint from './experiments/14-hanging-endpoint.js';
import backlog from './experiments/15-backlog.js';
import evilSinks from './experiments/16-evil-sinks.js';
import answers from './experiments/17-answers.js';
import corruptRows from './experiments/18-corrupt-rows.js';
import editWhenDue from './experiments/19-edit-when-due.js';
import rollingBehindAProxy from './experiments/20-rolling-behind-a-proxy.js';
import garbage from './experiments/23-garbage.js';
import wrongKey from './experiments/24-wrong-key.js';
import connections from './experiments/25-connections.js';
import lostLog from './experiments/27-lost-log.js';
import wrongTokens from './experiments/28-wrong-tokens.js';
import type { Experiment } from './library/experiment.js';

/** All of them. A new one is a file of `experiments/` and a line here. */
export const EXPERIMENTS: Experiment[] = [
  killReplicas,
  failpoints,
  rollingRestart,
  pausedReplica,
  postgresStops,
  stalledConnection,
  terminatedConnections,
  exhaustedDatabase,
  wrongClock,
  crontabs,
  farFuture,
  outage,
  herd,
  hangingEndpoint,
  backlog,
  evilSinks,
  answers,
  corruptRows,
  editWhenDue,
  rollingBehindAProxy,
  garbage,
  wrongKey,
  connections,
  lostLog,
  wrongTokens,
];
