import { Injectable } from '@nestjs/common';
import type { ImportOptions } from './import-options.js';
import { type ImportReport, newReport } from './import-report.js';
import { LegacyDatabase, type Survey } from './legacy-database.js';
import { PeopleImport } from './people-import.js';
import { SchedulesImport } from './schedules-import.js';
import { visibleTo } from './visibility.js';

/** An import cannot be applied before somebody has decided; nothing was changed. */
export class UndecidedError extends Error {}

/** Takes over what the replaced service has in its database. Run again, it takes what has changed there since. */
@Injectable()
export class LegacyImport {
  constructor(
    private readonly people: PeopleImport,
    private readonly schedules: SchedulesImport,
  ) {}

  /**
   * Reads one snapshot of the replaced service's database, in a transaction that cannot write.
   *
   * @param url of that database
   * @returns what was, or would be, done
   * @throws LegacySchemaError, UndecidedError
   */
  run(url: string, options: ImportOptions): Promise<ImportReport> {
    return LegacyDatabase.read(url, options.schema, async (legacy) => {
      const report = newReport(await legacy.survey(), options.keep);
      if (options.isApplying) refuseUndecided(report.survey, options);
      const people = await this.people.run(legacy, report, options);
      try {
        const owned = await this.schedules.run(legacy, people, report, options);
        report.taken = [...owned.values()].reduce((sum, count) => sum + count, 0);
        report.ownerless = owned.get(null) ?? 0;
        report.visible = visibleTo(people, owned, report.survey.schedules);
      } finally {
        if (options.isApplying) await options.onWritten?.(report);
      }
      return report;
    });
  }
}

function refuseUndecided({ schedules, withFrequency }: Survey, { frequency, isPruning }: ImportOptions): void {
  if (withFrequency > 0 && frequency === null) {
    throw new UndecidedError(
      `${withFrequency} enabled schedules of the replaced service have a frequency, which it did not enforce: ` +
        'give --keep-frequency to end them here after that many runs, or --drop-frequency to run them without end',
    );
  }
  if (isPruning && schedules === 0) {
    throw new UndecidedError(
      'the replaced service has no schedules at all, and --prune would remove every imported one: is it the right database?',
    );
  }
}
