const CONSTANTS = /"(?:[^"\\]|\\.)*"|\[[^\]]*\]|\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g;

/** The metrics that an expression reads: those of the service, of its process, and Prometheus's own `up`. */
export function metricsIn(expression: string): string[] {
  const bare = expression.replace(/\{[^}]*\}/g, '').replace(CONSTANTS, '');
  return [...bare.matchAll(/\b(?:seed_scheduler|nodejs|process)_\w+|\bup\b/g)].map(([name]) => name);
}

/** The names of series that a family of this type has. */
export function seriesOf(name: string, type: string): string[] {
  if (type === 'histogram') return [`${name}_bucket`, `${name}_sum`, `${name}_count`];
  return type === 'summary' ? [name, `${name}_sum`, `${name}_count`] : [name];
}
