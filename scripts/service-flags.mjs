/**
 * How Node.js runs the service. Its live objects are some 60 MB, whatever it does; left to itself V8 lets the heap grow
 * to six times that under a herd before it collects what is dead. So it collects when the heap has grown by half. The
 * rate of deliveries is the same: see docs/performance.md.
 */
export const SERVICE_FLAGS = ['--enable-source-maps', '--max-semi-space-size=8', '--heap-growing-percent=50'];

/** Half of libuv's threads look names up: with four of them, two names whose server never answers hold up all others. */
export const SERVICE_ENVIRONMENT = { UV_THREADPOOL_SIZE: '16' };
