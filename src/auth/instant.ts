const RFC_3339 = /^(\d{4}-\d\d-\d\d)[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;

/** Whether this is an instant as RFC 3339 writes it, on a day that there is, and at the latest in the year 9999. */
export function isInstant(text: unknown): text is string {
  if (typeof text !== 'string' || text.length > 40) return false;
  const day = RFC_3339.exec(text)?.[1];
  if (!day || Number.isNaN(Date.parse(text))) return false;
  // In UTC it may be a year later than it is written.
  if (new Date(text).getUTCFullYear() > 9999) return false;
  // Date takes 30 February for 1 or 2 March.
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}
