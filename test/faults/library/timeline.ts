/** What happened, in order: kills, starts, stalls. Shown around a delivery that went wrong. */
export class Timeline {
  private readonly events: TimelineEvent[] = [];

  note(text: string, at = Date.now()): void {
    this.events.push({ at, text });
  }

  /** Events from 2 s before `from` to `to`, in milliseconds. */
  between(from: number, to: number): TimelineEvent[] {
    return this.events.filter(({ at }) => at >= from - 2_000 && at <= to);
  }
}

export interface TimelineEvent {
  /** milliseconds */
  at: number;
  text: string;
}

/** One event a line, in order, by their distance from `origin`. */
export function drawn(events: TimelineEvent[], origin: number): string {
  const sorted = [...events].sort((a, b) => a.at - b.at);
  return sorted.map(({ at, text }) => `    ${signed((at - origin) / 1000)} s  ${text}`).join('\n');
}

function signed(seconds: number): string {
  return `${seconds < 0 ? '-' : '+'}${Math.abs(seconds).toFixed(3).padStart(8)}`;
}
