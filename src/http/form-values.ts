import { Transform } from 'class-transformer';

// Forms have text only: what stands for a number, a boolean or nothing is taken for it.

/** Takes blank text for null. */
export const BlankIsNull = () => Transform(({ value }: { value: unknown }) => (isBlank(value) ? null : value));

/** Takes digits for the integer that they write, and blank text for null. */
export const ToInteger = () =>
  Transform(({ value }: { value: unknown }) => {
    if (isBlank(value)) return null;
    return typeof value === 'string' && /^-?\d{1,15}(?:\.0*)?$/.test(value) ? Number(value) : value;
  });

/** Takes words and digits for the boolean that they say. */
export const ToBoolean = () =>
  Transform(({ value }: { value: unknown }) => {
    if (typeof value !== 'string' && typeof value !== 'number') return value;
    if (/^(true|t|yes|y|on|1)$/i.test(String(value))) return true;
    return /^(false|f|no|n|off|0)$/i.test(String(value)) ? false : value;
  });

function isBlank(value: unknown): boolean {
  return typeof value === 'string' && value.trim() === '';
}
