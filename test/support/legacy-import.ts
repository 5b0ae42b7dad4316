import { AuditLog } from '../../src/audit/audit-log.js';
import type { Differences } from '../../src/legacy/difference.js';
import type { ImportOptions } from '../../src/legacy/import-options.js';
import type { ImportReport } from '../../src/legacy/import-report.js';
import { LegacyImport } from '../../src/legacy/legacy-import.js';
import type { TestApp } from './app.js';
import type { LegacyService } from './legacy-service.js';

/** Looks, by default with every decision made. */
export async function look(
  app: TestApp,
  legacy: LegacyService,
  how: Partial<ImportOptions> = {},
): Promise<Differences> {
  return (await report(app, legacy, how)).differences;
}

export function report(app: TestApp, legacy: LegacyService, how: Partial<ImportOptions> = {}): Promise<ImportReport> {
  return app.nest.get(LegacyImport).run(legacy.url, {
    ...{ isApplying: false, isOverwriting: false, isPruning: false, isTakingProposals: false },
    ...{ frequency: 'keep', ownerOfOwnerless: null, schema: null, keep: { noted: 100, plain: 100 } },
    ...how,
  });
}

export function apply(app: TestApp, legacy: LegacyService, how: Partial<ImportOptions> = {}): Promise<Differences> {
  const audit = app.nest.get(AuditLog);
  const onWritten = () => audit.record({ actor: { kind: 'cli' }, action: 'import', target: { kind: 'import' } });
  return look(app, legacy, { isApplying: true, onWritten, ...how });
}
