// graphile-worker with its local queue. Arguments: enqueue | work, and the database's URL.
import { makeWorkerUtils, run, Logger } from 'graphile-worker';
import { gather, IN_FLIGHT, jobsOf, openWork } from './work.mjs';

const TASK = 'deliver';
const ENQUEUE_BATCH = 5_000;
// It logs two lines a job, which nobody wants at this rate.
const logger = new Logger(() => (level, message) => level === 'error' && console.error(message));

const [command, databaseUrl] = process.argv.slice(2);
await (command === 'enqueue' ? enqueue() : work());

async function enqueue() {
  const utils = await makeWorkerUtils({ connectionString: databaseUrl, logger });
  await utils.migrate();
  const jobs = (await jobsOf(databaseUrl)).map((payload) => ({ identifier: TASK, payload, maxAttempts: 6 }));
  while (jobs.length > 0) await utils.addJobs(jobs.splice(0, ENQUEUE_BATCH));
  await utils.release();
}

async function work() {
  const { load, post, append } = openWork(databaseUrl);
  // It hands jobs out one at a time, so reads and writes of neighbours are gathered here.
  const scheduleOf = gather(load, { pick: (schedules, id) => schedules.get(id) });
  const record = gather(append);
  await run({
    // The settings of its own performance page but for the concurrency, which is everybody's window here.
    preset: {
      worker: {
        connectionString: databaseUrl,
        concurrentJobs: IN_FLIGHT,
        maxPoolSize: 25,
        localQueue: { size: 500 },
        completeJobBatchDelay: 0,
        failJobBatchDelay: 0,
        logger,
      },
    },
    taskList: {
      async [TASK](job, { job: { attempts } }) {
        await record(await post(job, await scheduleOf(job.scheduleId), attempts));
      },
    },
  });
}
