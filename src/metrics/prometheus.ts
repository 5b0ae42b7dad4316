import type { Provider } from '@nestjs/common';
import { collectDefaultMetrics, Registry } from 'prom-client';

/** The registry that rooms add their instruments to, and that `/metrics` shows. */
export const PROMETHEUS = Symbol('PROMETHEUS');

/** Process metrics come with it: CPU, memory, and `nodejs_eventloop_lag_*`. */
export const prometheusProvider: Provider = {
  provide: PROMETHEUS,
  useFactory: () => {
    const registry = new Registry();
    collectDefaultMetrics({ register: registry });
    return registry;
  },
};
