import { DataSource } from 'typeorm';
import { AuditRecord } from './src/audit/audit-record.entity.js';
import { SigningSecret } from './src/auth/signing-secret.entity.js';
import { Token } from './src/auth/token.entity.js';
import { dataSourceOptions } from './src/database/data-source-options.js';
import { Attempt } from './src/deliveries/attempt.entity.js';
import { FailedTask } from './src/deliveries/failed-task.entity.js';
import { Origin } from './src/deliveries/origin.entity.js';
import { QueuedDelivery } from './src/deliveries/queued-delivery.entity.js';
import { Group } from './src/groups/group.entity.js';
import { MetricTotal } from './src/metrics/metric-total.entity.js';
import { Firing } from './src/schedules/firing.entity.js';
import { Schedule } from './src/schedules/schedule.entity.js';
import { Trigger } from './src/schedules/trigger.entity.js';
import { KeyHolder } from './src/secrets/key-holder.entity.js';
import { SecretKey } from './src/secrets/secret-key.entity.js';
import { User } from './src/users/user.entity.js';

/** For TypeORM's command line (`npm run typeorm -- migration:generate …`); the service itself does not read this. */
export function dataSourceOf(url: string): DataSource {
  const entities = [
    User,
    Group,
    Token,
    SigningSecret,
    Trigger,
    Schedule,
    Attempt,
    FailedTask,
    Origin,
    QueuedDelivery,
    Firing,
    MetricTotal,
    AuditRecord,
    SecretKey,
    KeyHolder,
  ];
  return new DataSource(dataSourceOptions(url, entities));
}

export default dataSourceOf(process.env.DATABASE_URL ?? '');
