import killReplicas from './experiments/01-kill-replicas.js';
import rollingRestart from './experiments/03-rolling-restart.js';
import outage from './experiments/12-outage.js';
import type { Experiment } from './library/experiment.js';

/** All of them. A new one is a file of `experiments/` and a line here. */
export const EXPERIMENTS: Experiment[] = [killReplicas, rollingRestart, outage];
