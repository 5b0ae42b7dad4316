import { describe, expect, it } from 'vitest';
import { instantCronJob } from './instant-cron-job.js';

describe('a CronJob for one instant', () => {
  it.each([
    ['ahead', 30],
    ['just passed', -1],
    ['long passed', -60_000],
  ])('that is %s fires once and throws nothing', async (_, offsetMs) => {
    const instant = new Date(Date.now() + offsetMs);
    let fired = 0;
    await new Promise<void>((resolve) => {
      instantCronJob(instant, () => {
        fired++;
        resolve();
      }).start();
    });
    expect(fired).toBe(1);
    expect(Date.now()).toBeGreaterThanOrEqual(instant.getTime() - 1);
  });

  it('asked after its instant, as its own timer may do, answers that there is nothing to wait for', () => {
    const job = instantCronJob(new Date(Date.now() - 1), () => {});
    expect(job.cronTime.getTimeout()).toBe(0);
  });
});
