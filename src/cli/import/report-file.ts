import { closeSync, openSync, writeSync } from 'node:fs';
import { KINDS } from '../../legacy/difference.js';
import type { ImportReport } from '../../legacy/import-report.js';
import { Obstacle } from '../faults.js';
import { findingsOf, SECTIONS, whatOf } from './findings.js';

/** A file with every row of an import's report, as text with tabs. It is readable by its owner only. */
export class ReportFile {
  private constructor(private readonly descriptor: number) {}

  /** Opened first, so that an import does not end with a report that cannot be written. @throws Obstacle */
  static open(path: string): ReportFile {
    try {
      return new ReportFile(openSync(path, 'w', 0o600));
    } catch (error) {
      throw new Obstacle(`the report cannot be written: ${(error as Error).message}`);
    }
  }

  write(report: ImportReport, isApplying: boolean): void {
    this.line(['section', 'kind', 'id', 'name', 'what']);
    for (const { key, title } of SECTIONS) {
      for (const { kind, finding } of findingsOf(report.differences, key)) {
        this.line([title(isApplying), kind, finding.id, finding.name, whatOf(finding)]);
      }
    }
    for (const { id, user, there, group } of report.visible) {
      this.line(['visible', 'user', id, user, `there: ${there}; group: ${group}; all: ${report.taken}`]);
    }
    for (const kind of KINDS) {
      this.line(['unchanged', kind, '', '', String(report.differences[kind].unchanged)]);
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.descriptor);
  }

  private line(cells: string[]): void {
    writeSync(this.descriptor, `${cells.map((cell) => cell.replace(/\p{Cc}/gu, ' ')).join('\t')}\n`);
  }
}
