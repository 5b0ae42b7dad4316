import { CronJob } from 'cron';

/**
 * A CronJob for one instant; started, it fires then, or at once when the instant has passed.
 *
 * CronTime throws for a Date in the past, and CronJob asks it again from its own timer when that rings a fraction of a
 * millisecond early: by then the instant may have passed, and the error would end the process.
 */
export function instantCronJob(instant: Date, onTick: () => void): CronJob {
  const job = CronJob.from({ cronTime: instant, onTick });
  job.cronTime.getTimeout = () => Math.max(0, instant.getTime() - Date.now());
  return job;
}
