import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { RotationReport, type RotatedKind } from './rotation-report.js';
import type { SealedColumn } from './sealed-column.js';
import { contextOf } from './sealed-column.js';
import { SecretCipher } from './secret-cipher.js';
import { SecretVault } from './secret-vault.js';
import { ESTIMATE_ROWS, readPage, readSome, replaceSealed } from './secrets.queries.js';

const PAGE_ROWS = 1_000;
/** A row that is changed each time it is read again is somebody's who is at it: the next run finds it. */
const MAX_ROUNDS = 5;

interface Row {
  id: string;
  owner: string;
  sealed: Buffer | null;
}

type SealedRow = Row & { sealed: Buffer };

export interface RotationOptions {
  /** only looks: what would be done, and which keys are in use */
  isDryRun?: boolean;
  /** called after each page */
  onProgress?: (progress: RotationProgress) => void;
  /** stops after the page under way; what was done stays done, and the next run goes on from there */
  signal?: AbortSignal;
}

export interface RotationProgress {
  kind: string;
  /** rows looked at */
  rows: number;
  /** of how many, roughly: the planner's estimate */
  ofRows: number;
}

/**
 * Seals every stored secret anew under `SECRET_KEY`, while the service runs. It can be broken off and run again at any
 * time: what is under the current key is passed over.
 */
@Injectable()
export class SecretRotation {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly cipher: SecretCipher,
    private readonly vault: SecretVault,
  ) {}

  /** @returns what was found and done, by kind of secret */
  async rotate(options: RotationOptions = {}): Promise<RotatedKind[]> {
    const reports: RotatedKind[] = [];
    for (const column of this.vault.columns) {
      const report = new RotationReport(column.kind, this.cipher.configured);
      await this.rotateColumn(column, report, options);
      reports.push(report.result());
    }
    return reports;
  }

  private async rotateColumn(column: SealedColumn, report: RotationReport, options: RotationOptions): Promise<void> {
    const { isDryRun = false, onProgress, signal } = options;
    const estimate = await this.estimateOf(column);
    let rows = 0;
    for (let after: string | null = null; !signal?.aborted;) {
      const page: Row[] = await this.dataSource.query<Row[]>(readPage(column), [after, PAGE_ROWS]);
      await this.rotatePage(column, page.filter(isSealed), report, isDryRun);
      rows += page.length;
      onProgress?.({ kind: column.kind, rows, ofRows: Math.max(rows, estimate) });
      if (page.length < PAGE_ROWS) return;
      after = page[page.length - 1].id;
    }
  }

  private async rotatePage(
    column: SealedColumn,
    page: SealedRow[],
    report: RotationReport,
    isDryRun: boolean,
  ): Promise<void> {
    for (const { sealed } of page) report.found(this.cipher.keyOf(sealed));
    let rows = page;
    for (let round = 1; rows.length > 0; round++) {
      const stale = rows.filter(({ sealed }) => !this.cipher.isCurrent(sealed));
      report.current += rows.length - stale.length;
      const renewed = stale.flatMap((row) => this.renewed(column, row, report));
      if (isDryRun) {
        report.resealed += renewed.length;
        return;
      }
      const left = await this.replace(column, renewed);
      report.resealed += renewed.length - left.length;
      if (round === MAX_ROUNDS) {
        report.busy += left.length;
        return;
      }
      rows = left.length > 0 ? await this.readAgain(column, left) : [];
    }
  }

  /** With its new bytes, or nothing when it cannot be opened. */
  private renewed(column: SealedColumn, row: SealedRow, report: RotationReport): [SealedRow, Buffer][] {
    const context = contextOf(column, row.owner);
    try {
      return [[row, this.cipher.seal(this.cipher.open(row.sealed, context), context)]];
    } catch {
      report.unreadable(row.id);
      return [];
    }
  }

  /** @returns ids of those that were changed or removed since they were read */
  private async replace(column: SealedColumn, renewed: [SealedRow, Buffer][]): Promise<string[]> {
    if (renewed.length === 0) return [];
    const ids = renewed.map(([{ id }]) => id);
    const values = [ids, renewed.map(([{ sealed }]) => sealed), renewed.map(([, bytes]) => bytes)];
    const changed = await this.dataSource.query<{ id: string }[]>(replaceSealed(column), values);
    const done = new Set(changed.map(({ id }) => id));
    return ids.filter((id) => !done.has(id));
  }

  private async readAgain(column: SealedColumn, ids: string[]): Promise<SealedRow[]> {
    return (await this.dataSource.query<Row[]>(readSome(column), [ids])).filter(isSealed);
  }

  private async estimateOf({ table }: SealedColumn): Promise<number> {
    const [{ rows }] = await this.dataSource.query<[{ rows: number }]>(ESTIMATE_ROWS, [table]);
    return Math.max(0, rows);
  }
}

function isSealed(row: Row): row is SealedRow {
  return row.sealed !== null;
}
