import { Injectable } from '@nestjs/common';
import Table from 'cli-table3';
import { stringifyJson } from '../http/raw-json.js';
import type { PrintOptions } from './cli-command.js';

/** A value of a table's cell; null shows as a dash. */
export type Cell = string | number | boolean | Date | null | undefined;

/** What stdout and stderr are for: results go to the one, everything else that is said to the other. */
@Injectable()
export class Output {
  /** Prints rows: a table, or an array of objects with the same names. */
  rows(rows: Record<string, Cell>[], { json = false }: PrintOptions): void {
    if (json) return this.json(rows);
    const names = Object.keys(rows[0] ?? {});
    const table = new Table({ ...PLAIN, head: names });
    for (const row of rows) table.push(names.map((name) => cellText(row[name])));
    this.line(rows.length > 0 ? table.toString() : 'none');
  }

  /** Prints one thing: a table of two columns, or an object. */
  fields(fields: Record<string, Cell>, { json = false }: PrintOptions): void {
    if (json) return this.json(fields);
    const table = new Table(PLAIN);
    for (const [name, value] of Object.entries(fields)) table.push([name, cellText(value)]);
    this.line(table.toString());
  }

  json(value: unknown): void {
    // Those that a payload may have as they are; within its strings, this is the same JSON.
    this.line(stringifyJson(value, 2).replace(/[\x7f-\x9f]/g, escaped));
  }

  line(text: string): void {
    process.stdout.write(`${text}\n`);
  }

  /** For the person at the terminal; a program that reads the output does not get it. */
  note(text: string): void {
    process.stderr.write(`${text}\n`);
  }
}

/** No colours: the output may end up in a file or a log. */
const PLAIN = { style: { head: [], border: [], compact: true } };

function cellText(value: Cell): string {
  if (value === null || value === undefined) return '-';
  // A payload is whatever a user sent: it is not to command the operator's terminal.
  return value instanceof Date ? value.toISOString() : String(value).replace(/(?![\n\t])\p{Cc}/gu, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
