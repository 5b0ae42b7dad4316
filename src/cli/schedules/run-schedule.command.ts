import { setTimeout as delay } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { Option, SubCommand } from 'nest-commander';
import { Scope } from '../../database/scope.js';
import type { DeliveryDto } from '../../deliveries/delivery-history.dto.js';
import { type OrderedDelivery, ScheduleRuns } from '../../schedules/schedule-runs.js';
import { SchedulesService } from '../../schedules/schedules.service.js';
import { scheduleId, wholeNumber } from '../arguments.js';
import { CliCommand, type PrintOptions } from '../cli-command.js';
import { Obstacle } from '../faults.js';
import { Output } from '../output.js';
import { Services } from '../services.js';
import { record } from '../trail.js';
import { deliveryRow } from './show-schedule.command.js';

const WAIT = '--wait <seconds>';
const LOOK_AGAIN_MS = 200;
/** Ticks that may have been recorded since. */
const LATEST = 50;

interface RunOptions extends PrintOptions {
  wait?: number;
}

@SubCommand({ name: 'run', arguments: '<id>', description: 'deliver a schedule once, now, on or off' })
export class RunScheduleCommand extends CliCommand {
  constructor(
    private readonly services: Services,
    private readonly output: Output,
  ) {
    super();
  }

  override async run([given]: [string], options: RunOptions): Promise<void> {
    const id = scheduleId(given);
    await this.services.use(async (app) => {
      const ordered = await app.get(ScheduleRuns).runNow(id, Scope.everything());
      await record(app, { action: 'schedule.run', target: { kind: 'schedule', id } });
      if (options.wait === undefined) {
        return this.output.fields({ id: ordered.id, scheduled_for: ordered.scheduledFor }, options);
      }
      const delivery = await attemptOf(ordered, id, app, options.wait);
      if (options.json) this.output.json(delivery);
      else this.output.fields(deliveryRow(delivery), options);
      const isDelivered = delivery.outcome === 'delivered';
      if (!isDelivered) throw new Obstacle('the delivery was made and not taken');
    });
  }

  @Option({ flags: WAIT, description: 'wait so long for its first attempt, and fail if that does' })
  wait(value: string): number {
    return wholeNumber(value, 1, WAIT);
  }
}

/** The delivery, as soon as an attempt of it is recorded. */
async function attemptOf(
  { id }: OrderedDelivery,
  ofSchedule: string,
  app: INestApplicationContext,
  patienceSeconds: number,
): Promise<DeliveryDto> {
  const deadline = Date.now() + patienceSeconds * 1000;
  for (;;) {
    const [history] = await app
      .get(SchedulesService)
      .history(ofSchedule, Scope.everything(), { limit: LATEST, offset: 0, url: '' });
    const delivery = history.find((one) => one.id === id);
    if (delivery) return delivery;
    if (Date.now() > deadline) {
      throw new Obstacle(`delivery ${id} was not attempted within ${patienceSeconds} s: does a worker run?`);
    }
    await delay(LOOK_AGAIN_MS);
  }
}
