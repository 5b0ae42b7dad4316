// BullMQ. Arguments: enqueue | work, the database's URL, and Redis's port. Says "settled" when no job is left.
import { Queue, Worker } from 'bullmq';
import { gather, IN_FLIGHT, jobsOf, openWork } from './work.mjs';

const QUEUE = 'deliveries';
const ENQUEUE_BATCH = 5_000;

const [command, databaseUrl, redisPort] = process.argv.slice(2);
const connection = { host: '127.0.0.1', port: Number(redisPort), maxRetriesPerRequest: null };
await (command === 'enqueue' ? enqueue() : work());

async function enqueue() {
  const queue = new Queue(QUEUE, { connection });
  const opts = { attempts: 6, backoff: { type: 'exponential', delay: 2_000 } };
  const jobs = (await jobsOf(databaseUrl)).map((data) => ({
    name: 'deliver',
    data,
    opts: { ...opts, jobId: data.deliveryId },
  }));
  while (jobs.length > 0) await queue.addBulk(jobs.splice(0, ENQUEUE_BATCH));
  await queue.close();
}

async function work() {
  const { load, post, append } = openWork(databaseUrl);
  // It hands jobs out one at a time, so reads and writes of neighbours are gathered here.
  const scheduleOf = gather(load, { pick: (schedules, id) => schedules.get(id) });
  const record = gather(append);
  const queue = new Queue(QUEUE, { connection });
  let left = Object.values(await queue.getJobCounts('wait', 'delayed', 'prioritized')).reduce((a, b) => a + b, 0);
  const worker = new Worker(
    QUEUE,
    async ({ data, attemptsMade }) => {
      await record(await post(data, await scheduleOf(data.scheduleId), attemptsMade + 1));
    },
    // One worker with its concurrency raised is what its documentation advises for work that waits for the network, and
    // removal of what has ended keeps Redis small.
    { connection, concurrency: IN_FLIGHT, removeOnComplete: { count: 0 }, removeOnFail: { count: 5_000 } },
  );
  worker.on('completed', () => {
    if (--left === 0) console.log('settled');
  });
  worker.on('error', (error) => console.error(error));
}
