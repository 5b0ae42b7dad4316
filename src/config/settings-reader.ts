import { isIP } from 'node:net';
import { distance } from 'fastest-levenshtein';

/** The environment cannot be used. One message, all faults, and never a value: it may be a secret. */
export class ConfigError extends Error {
  constructor(readonly faults: readonly string[]) {
    super(`The service cannot start with this environment:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

/** Names this short have too many neighbours among the names that any machine sets. */
const SHORTEST_GUESSED_NAME = 5;
const SHORT_NAME = 8;

/**
 * Reads settings one by one and collects what is wrong with them, so that all faults are told at once.
 *
 * A faulty setting reads as its fallback; nothing read may be used before `throwFaults()` has returned. A blank
 * setting counts as not set.
 */
export class SettingsReader {
  private readonly faults: string[] = [];
  private readonly known = new Set<string>();

  constructor(private readonly env: Readonly<Record<string, string | undefined>>) {}

  text(name: string): string | null {
    this.known.add(name);
    return this.env[name]?.trim() || null;
  }

  /** A text that `isValid` accepts; `expected` completes "NAME must be …". */
  checked(name: string, expected: string, isValid: (value: string) => boolean): string | null {
    const value = this.text(name);
    if (value === null || isValid(value)) return value;
    this.fault(`${name} must be ${expected}`);
    return null;
  }

  integer(name: string, fallback: number, [min, max]: readonly [min: number, max: number]): number {
    const isWithin = (value: string) => /^\d{1,15}$/.test(value) && Number(value) >= min && Number(value) <= max;
    return Number(this.checked(name, `a whole number from ${min} to ${max}`, isWithin) ?? fallback);
  }

  /** Above 0 and at most `max`; fractions are allowed. */
  seconds(name: string, fallback: number, max: number): number {
    const isWithin = (value: string) => /^\d+(\.\d+)?$/.test(value) && Number(value) > 0 && Number(value) <= max;
    return Number(this.checked(name, `a number of seconds above 0 and at most ${max}`, isWithin) ?? fallback);
  }

  choice<T extends string>(name: string, fallback: T, choices: readonly T[]): T {
    const value = this.checked(name, `one of ${choices.join(', ')}`, (given) => choices.some((one) => one === given));
    return choices.find((one) => one === value) ?? fallback;
  }

  /** Items between commas, each of which `isValid` accepts. */
  list(name: string, expected: string, isValid: (item: string) => boolean): readonly string[] {
    const value = this.checked(name, expected, (given) => items(given).length > 0 && items(given).every(isValid));
    return value === null ? [] : items(value);
  }

  /** http or https, without user, query or fragment; returned without the slash at its end. */
  webAddress(name: string): string | null {
    const expected = 'an http:// or https:// address without user, query or fragment';
    return this.checked(name, expected, isWebAddress)?.replace(/\/+$/, '') ?? null;
  }

  fault(fault: string): void {
    this.faults.push(fault);
  }

  /** Names in the environment that are not settings but nearly are: read as slips of the pen. */
  faultMisspeltNames(): void {
    for (const name of Object.keys(this.env)) {
      if (this.known.has(name) || name.length < SHORTEST_GUESSED_NAME || name !== name.toUpperCase()) continue;
      const meant = [...this.known].find((known) => isSlipOf(name, known));
      if (meant) this.fault(`${name} is not a setting; did you mean ${meant}?`);
    }
  }

  throwFaults(): void {
    if (this.faults.length > 0) throw new ConfigError(this.faults);
  }
}

function isSlipOf(name: string, known: string): boolean {
  if (known.length < SHORTEST_GUESSED_NAME) return false;
  return distance(name, known) <= (Math.min(name.length, known.length) < SHORT_NAME ? 1 : 2);
}

function items(value: string): string[] {
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function isWebAddress(value: string): boolean {
  const url = URL.parse(value);
  if (!url || !/^https?:$/.test(url.protocol)) return false;
  return !url.username && !url.password && !/[?#]/.test(value);
}

/** An IP address, or a network in CIDR notation. */
export function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  if (bits < 0 || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits);
}
