// pg-boss with work(). Arguments: enqueue | work, and the database's URL.
import { PgBoss } from 'pg-boss';
import { IN_FLIGHT, jobsOf, openWork } from './work.mjs';

const QUEUE = 'deliveries';
const ENQUEUE_BATCH = 5_000;
// Its documentation sends those who want speed to batches and to several workers a process. A worker holds its whole
// batch until the last job of it has ended, so a few large batches waste the window and many small ones cost more
// fetches. Of 4 x 64, 8 x 32 and 16 x 16 this was the fastest here.
const BATCH = 32;
const WORKERS = IN_FLIGHT / BATCH;

const [command, databaseUrl] = process.argv.slice(2);
const boss = new PgBoss({ connectionString: databaseUrl, max: 20, schedule: false });
boss.on('error', (error) => console.error(error));
await boss.start();

if (command === 'enqueue') {
  // A table of its own for a busy queue, as its documentation has it; the service's rival had slowed down without it.
  await boss.createQueue(QUEUE, { partition: true, retryLimit: 5, retryBackoff: true });
  const jobs = (await jobsOf(databaseUrl)).map(({ deliveryId, ...data }) => ({ id: deliveryId, data }));
  while (jobs.length > 0) await boss.insert(QUEUE, jobs.splice(0, ENQUEUE_BATCH));
  await boss.stop();
} else {
  await work();
}

async function work() {
  const { load, post, append } = openWork(databaseUrl);
  const options = {
    batchSize: BATCH,
    localConcurrency: WORKERS,
    // No pause between full batches; 0.5 s is the shortest pause there is.
    burstWhenBatchFull: true,
    pollingIntervalSeconds: 0.5,
    // A job that fails is tried again alone; without this it would take its batch with it.
    perJobResults: true,
    includeMetadata: true,
  };
  await boss.work(QUEUE, options, async (jobs) => {
    // A handler of batches reads and writes by the batch: one query for all of its schedules, one insert of all rows.
    const schedules = await load(jobs.map(({ data }) => data.scheduleId));
    const results = await Promise.allSettled(
      jobs.map(({ id, data, retryCount }) =>
        post({ deliveryId: id, ...data }, schedules.get(data.scheduleId), retryCount + 1),
      ),
    );
    await append(results.filter(({ status }) => status === 'fulfilled').map(({ value }) => value));
    return jobs.map(({ id }, index) => ({
      id,
      status: results[index].status === 'fulfilled' ? 'completed' : 'failed',
    }));
  });
  process.once('SIGTERM', () => process.exit(0));
}
