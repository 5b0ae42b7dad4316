import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
} from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { CONFIG, type Config } from './config/config.js';
import { REPLICA } from './config/replica.js';
import { VERSION } from './config/version.js';

/** Tells in the log how far the process is: started, draining, stopped. */
@Injectable()
export class Lifecycle implements OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown {
  private isStarted = false;

  constructor(
    @InjectPinoLogger(Lifecycle.name) private readonly log: PinoLogger,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onApplicationBootstrap(): void {
    this.isStarted = true;
    this.tell('started');
  }

  onModuleDestroy(): void {
    this.tell('draining');
  }

  /** What was in flight has ended and is written; the connections close now. */
  onApplicationShutdown(): void {
    this.tell('stopped');
  }

  private tell(msg: string): void {
    // A start that was refused closes what was open, and has said why.
    if (!this.isStarted) return;
    this.log.info({ msg, version: VERSION, replica: REPLICA, roles: this.config.roles.join(',') });
  }
}
