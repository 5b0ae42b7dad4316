import { Global, Module } from '@nestjs/common';
import { JobQueue } from './job-queue.js';

/** Durable queues for whoever has work to hand over. */
@Global()
@Module({ providers: [JobQueue], exports: [JobQueue] })
export class QueueModule {}
