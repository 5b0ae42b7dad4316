import { Injectable } from '@nestjs/common';
import { SubCommand } from 'nest-commander';
import { Scope } from '../../database/scope.js';
import { SchedulesService } from '../../schedules/schedules.service.js';
import { scheduleId } from '../arguments.js';
import { CliCommand, type PrintOptions } from '../cli-command.js';
import { Output } from '../output.js';
import { Progress } from '../progress.js';
import { Services } from '../services.js';
import { record } from '../trail.js';

const ARGUMENTS = '<ids...>';

/** The same for on and off. Ids are taken one after another; the first that cannot be switched ends it. */
@Injectable()
abstract class SwitchCommand extends CliCommand {
  protected abstract readonly enabled: boolean;

  constructor(
    private readonly services: Services,
    private readonly output: Output,
  ) {
    super();
  }

  override async run(given: string[], options: PrintOptions): Promise<void> {
    const ids = given.map(scheduleId);
    const switched = await this.services.use(async (app) => {
      using progress = new Progress('schedules');
      const rows: { id: string; enabled: boolean }[] = [];
      for (const id of ids) {
        const { enabled } = await app.get(SchedulesService).update(id, { enabled: this.enabled }, Scope.everything());
        const action = this.enabled ? 'schedule.enable' : 'schedule.disable';
        await record(app, { action, target: { kind: 'schedule', id } });
        rows.push({ id, enabled });
        progress.show(rows.length, ids.length);
      }
      return rows;
    });
    this.output.rows(switched, options);
  }
}

@SubCommand({ name: 'enable', arguments: ARGUMENTS, description: 'switch schedules on: they begin with the next tick' })
export class EnableScheduleCommand extends SwitchCommand {
  protected readonly enabled = true;
}

@SubCommand({ name: 'disable', arguments: ARGUMENTS, description: 'switch schedules off: what waits is not sent' })
export class DisableScheduleCommand extends SwitchCommand {
  protected readonly enabled = false;
}
