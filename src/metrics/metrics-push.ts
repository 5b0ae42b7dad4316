import { HttpService } from '@nestjs/axios';
import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { firstValueFrom } from 'rxjs';
import { CONFIG, type Config } from '../config/config.js';
import { JobQueue } from '../queue/job-queue.js';
import { ScheduledMetrics } from './scheduled-metrics.js';

const QUEUE = 'metrics-push';

/** Pushes the scheduled metrics to `METRICS_URL` by a queued job, tried again by the queue when it fails. */
@Injectable()
export class MetricsPush implements OnApplicationBootstrap {
  private readonly logger = new Logger(MetricsPush.name);

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly queue: JobQueue,
    private readonly metrics: ScheduledMetrics,
    private readonly http: HttpService,
  ) {}

  /** Queues one push. */
  async initiate(): Promise<void> {
    await this.queue.insert(QUEUE, [{ data: {} }]);
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.queue.define(QUEUE, { retryLimit: 5, retryDelay: 5, retryBackoff: true, deleteAfterSeconds: 3600 });
    if (this.config.roles.includes('worker')) await this.queue.work(QUEUE, () => this.push());
  }

  private async push(): Promise<void> {
    const { pushUrl, pushAuth } = this.config.metrics;
    if (!pushUrl) {
      this.logger.warn('metrics not pushed: METRICS_URL is not set');
      return;
    }
    const values = await this.metrics.collect();
    const auth = pushAuth ? { username: pushAuth.user, password: pushAuth.password } : undefined;
    await firstValueFrom(this.http.post(`${pushUrl}/metrics/`, values, { auth }));
    await this.metrics.markPushed(values);
  }
}
