import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

export const DOT_ENV = '.env';

/** Where the settings come from. */
export interface Environment {
  readonly variables: Record<string, string | undefined>;
  /** names of those that come from the file `.env` */
  readonly fromFile: ReadonlySet<string>;
  /** why the file `.env` cannot be used, or null */
  readonly fault: string | null;
}

/**
 * Adds the file `.env` of the working directory, if there is one, to the environment. What is set in the environment
 * itself, even to nothing, wins.
 */
export function readEnvironment(own: NodeJS.ProcessEnv, file = DOT_ENV): Environment {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    return { variables: own, fromFile: new Set(), fault: code === 'ENOENT' ? null : unreadable(file, code) };
  }
  // Some editors of Windows save UTF-16.
  if (text.includes('\0')) return { variables: own, fromFile: new Set(), fault: `${file} must be a text in UTF-8` };
  const lines = Object.entries(parseEnv(text.replace(/^\uFEFF/, '')));
  const added = lines.filter(([name]) => own[name] === undefined);
  return {
    variables: { ...Object.fromEntries(added), ...own },
    fromFile: new Set(added.map(([name]) => name)),
    fault: null,
  };
}

function unreadable(file: string, code: string): string {
  const reasons: Record<string, string> = {
    EACCES: 'this account may not read it: give it the right, or remove the file',
    EISDIR: 'it is a folder, not a file: remove it',
  };
  return `${file} cannot be read: ${reasons[code] ?? code}`;
}
