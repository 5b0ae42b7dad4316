import { text } from 'node:stream/consumers';
import type { INestApplicationContext } from '@nestjs/common';
import { Command, Option } from 'nest-commander';
import { type Visibility, VISIBILITIES } from '../../config/config.js';
import { type Difference, type Differences, faultsOf, KINDS } from '../../legacy/difference.js';
import type { ImportReport } from '../../legacy/import-report.js';
import { LegacyImport } from '../../legacy/legacy-import.js';
import { CliCommand, type PrintOptions } from '../cli-command.js';
import { Obstacle, UsageError } from '../faults.js';
import { Output } from '../output.js';
import { Progress } from '../progress.js';
import { Services } from '../services.js';
import { prepareToSeal } from '../sealing.js';
import { record } from '../trail.js';
import { type Decisions, openDecisions, requireVisibility } from './decisions.js';
import { findingRows, MAX_ROWS, SECTIONS } from './findings.js';
import { ReportFile } from './report-file.js';
import { ownerlessText, untakenText, visibleRows, visibleText } from './summary.js';

const NO_URL = "set IMPORT_DATABASE_URL to the replaced service's database, or give it by --stdin";
const VISIBILITY = '--visibility <choice>';

interface ImportCommandOptions extends PrintOptions {
  apply?: boolean;
  applyProposals?: boolean;
  dropFrequency?: boolean;
  keepFrequency?: boolean;
  overwrite?: boolean;
  ownerOfOwnerless?: string;
  prune?: boolean;
  report?: string;
  schema?: string;
  stdin?: boolean;
  visibility?: Visibility;
}

// The URL has a password: it is not taken from the arguments, which every account of the machine can see.
@Command({
  name: 'import',
  description:
    'take over users, groups, tokens and schedules of the replaced service; looks only, unless --apply is given',
})
export class ImportCommand extends CliCommand {
  constructor(
    private readonly services: Services,
    private readonly output: Output,
  ) {
    super();
  }

  override async run(_: string[], options: ImportCommandOptions): Promise<void> {
    const { apply: isApplying = false, json: asJson = false } = options;
    const decisions = decisionsIn(options);
    const stop = new AbortController();
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => stop.abort());
    const given = options.stdin ? (await text(process.stdin)).trim() : null;
    using file = options.report === undefined ? null : ReportFile.open(options.report);
    const { report, setting } = await this.services.use(async (app, { legacy, visibility }) => {
      const url = given ?? legacy.databaseUrl;
      if (!url) throw new UsageError(NO_URL);
      if (isApplying) {
        requireVisibility(decisions.visibility, visibility);
        await prepareToSeal(app);
      }
      const done = await run(app, url, { ...options, ...decisions, signal: stop.signal });
      return { report: done, setting: visibility };
    });
    file?.write(report, isApplying);
    if (asJson) this.output.json(jsonOf(report, isApplying));
    else this.print(report, options);
    if (!isApplying) this.say(openDecisions(decisions, setting, report));
    if (stop.signal.aborted) throw new Obstacle('broken off: what was done stays done, run it again for the rest');
    const faults = faultsOf(report.differences);
    if (faults > 0) throw new Obstacle(`${faults} rows of the replaced service are not taken`);
  }

  @Option({ flags: '--apply', description: 'do it' })
  isApplying(): boolean {
    return true;
  }

  @Option({ flags: VISIBILITY, description: 'whose schedules users see here: group or all, as SCHEDULE_VISIBILITY is' })
  visibility(value: string): Visibility {
    const choice = VISIBILITIES.find((visibility) => visibility === value);
    if (!choice) throw new UsageError(`option '${VISIBILITY}' takes ${VISIBILITIES.join(' or ')}`);
    return choice;
  }

  @Option({ flags: '--keep-frequency', description: 'end schedules after their frequency, which ran on there' })
  isKeepingFrequency(): boolean {
    return true;
  }

  @Option({ flags: '--drop-frequency', description: 'take no frequency: schedules run without end, as they did there' })
  isDroppingFrequency(): boolean {
    return true;
  }

  @Option({
    flags: '--apply-proposals',
    description: 'take what is proposed for rows that cannot be taken as they are',
  })
  isTakingProposals(): boolean {
    return true;
  }

  @Option({
    flags: '--owner-of-ownerless <user>',
    description: 'email of the user who gets schedules without a creator',
  })
  ownerOfOwnerless(value: string): string {
    return value.trim();
  }

  @Option({ flags: '--prune', description: 'remove imported schedules that are no longer there' })
  isPruning(): boolean {
    return true;
  }

  @Option({ flags: '--overwrite', description: 'also where something was changed or removed here since' })
  isOverwriting(): boolean {
    return true;
  }

  @Option({ flags: '--report <file>', description: 'write every row of the report to a file, with tabs' })
  report(path: string): string {
    return path;
  }

  @Option({ flags: '--schema <name>', description: "where the replaced service's tables are" })
  schema(name: string): string {
    return name;
  }

  @Option({ flags: '--stdin', description: "read the URL of the replaced service's database from standard input" })
  stdin(): boolean {
    return true;
  }

  private print(report: ImportReport, { apply: isApplying = false, report: path, ...options }: ImportCommandOptions) {
    const { differences } = report;
    const rows = KINDS.map((kind) => ({ kind, ...countsOfKind(differences[kind], isApplying) }));
    this.output.rows(rows, {});
    for (const { key, title, hint } of SECTIONS) {
      const { rows: lines, more } = findingRows(differences, key);
      if (lines.length === 0) continue;
      this.output.line(`\n${title(isApplying)}:`);
      this.output.rows(lines, {});
      if (more > 0) this.output.line(`and ${more} more: ${path ? `all are in ${path}` : '--report <file> gives all'}`);
      if (hint) this.output.line(hint);
    }
    for (const line of visibleText(report, options.visibility ?? null)) this.output.line(line);
    const visible = isApplying || options.visibility === 'all' ? [] : visibleRows(report);
    if (visible.length > 0) this.output.rows(visible, {});
    for (const line of [...ownerlessText(report, options), ...untakenText(report.survey)]) this.output.line(line);
  }

  private say(open: string[]): void {
    this.output.note('\nNothing was changed: --apply does it.');
    if (open.length > 0) this.output.note(`Decide first:\n${open.map((line) => `- ${line}`).join('\n')}`);
  }
}

function decisionsIn({ keepFrequency, dropFrequency, visibility }: ImportCommandOptions): Decisions {
  if (keepFrequency && dropFrequency) throw new UsageError('give --keep-frequency or --drop-frequency, not both');
  return {
    visibility: visibility ?? null,
    frequency: keepFrequency ? 'keep' : dropFrequency ? 'drop' : null,
  };
}

async function run(
  app: INestApplicationContext,
  url: string,
  options: Omit<ImportCommandOptions, 'visibility'> & Decisions & { signal: AbortSignal },
): Promise<ImportReport> {
  using progress = new Progress('schedules');
  const isAllKept = options.json || options.report !== undefined;
  return await app.get(LegacyImport).run(url, {
    isApplying: options.apply ?? false,
    isOverwriting: options.overwrite ?? false,
    isPruning: options.prune ?? false,
    isTakingProposals: options.applyProposals ?? false,
    frequency: options.frequency,
    ownerOfOwnerless: options.ownerOfOwnerless ?? null,
    schema: options.schema ?? null,
    keep: isAllKept ? { noted: Infinity, plain: Infinity } : MAX_ROWS,
    onProgress: (done, total) => progress.show(done, total),
    onPruned: async (ids) => {
      await Promise.all(ids.map((id) => record(app, { action: 'schedule.delete', target: { kind: 'schedule', id } })));
    },
    onWritten: ({ differences }) =>
      record(app, { action: 'import', target: { kind: 'import' }, fields: countsOf(differences) }),
    signal: options.signal,
  });
}

function jsonOf({ differences, ...report }: ImportReport, isApplying: boolean): object {
  return { applied: isApplying, ...differences, ...report };
}

function countsOfKind(difference: Difference, isApplying: boolean): Record<string, number> {
  const counts = SECTIONS.map(({ key, title }): [string, number] => [title(isApplying), difference[key].count]);
  return { ...Object.fromEntries(counts), unchanged: difference.unchanged };
}

/** For the audit log: one word a kind. */
function countsOf(differences: Differences): string[] {
  return KINDS.map((kind) => {
    const { added, changed, removed } = differences[kind];
    return `${kind}s:${added.count}+${changed.count}-${removed.count}`;
  });
}
