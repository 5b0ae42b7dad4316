export class AvailableMetricsDto {
  /** @example ["schedules.created.sum"] */
  metrics_available: string[];
}

export class MetricsInitiatedDto {
  /** @example true */
  scheduled_metrics_initiated: boolean;
}
