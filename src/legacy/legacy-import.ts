import { Injectable } from '@nestjs/common';
import { type Differences, noDifferences } from './difference.js';
import type { ImportOptions } from './import-options.js';
import { LegacyDatabase } from './legacy-database.js';
import { PeopleImport } from './people-import.js';
import { SchedulesImport } from './schedules-import.js';

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
   * @throws LegacySchemaError
   */
  run(url: string, options: ImportOptions): Promise<Differences> {
    return LegacyDatabase.read(url, options.schema, async (legacy) => {
      const differences = noDifferences(options.keepFindings);
      const users = await this.people.run(legacy, differences, options);
      try {
        await this.schedules.run(legacy, users, differences.schedule, options);
      } finally {
        if (options.isApplying) await options.onWritten?.(differences);
      }
      return differences;
    });
  }
}
