import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager, SelectQueryBuilder } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { Scope } from '../database/scope.js';
import { DeliveriesService } from '../deliveries/deliveries.service.js';
import { OriginsService } from '../deliveries/origins.service.js';
import type { DeliveryDto } from '../deliveries/delivery-history.dto.js';
import { InvalidInputError, NotFoundError } from '../http/domain-error.js';
import type { PageRequest } from '../http/paging.js';
import { ScheduledMetrics } from '../metrics/scheduled-metrics.js';
import { type SecretBox, SecretVault } from '../secrets/secret-vault.js';
import { AUTH_TOKENS } from './auth-tokens.js';
import type { Definition } from './definitions/definition.js';
import { databaseNow } from './database-now.js';
import { originOf } from './endpoint-origin.js';
import { newDefinition } from './definitions/new-definition.js';
import { Schedule } from './schedule.entity.js';
import { ScheduleCreation } from './schedule-creation.js';
import { NO_DEFINITION, type ScheduleChanges } from './schedule-input.js';
import { nextSendAt } from './schedule.view.js';
import { TriggersService } from './triggers.service.js';

const CREATED_METRIC = 'schedules.created.sum';

/** Schedules as the API sees them. Each change is one transaction that includes its trigger. */
@Injectable()
export class SchedulesService {
  private readonly authTokens: SecretBox;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly creation: ScheduleCreation,
    private readonly triggers: TriggersService,
    private readonly deliveries: DeliveriesService,
    private readonly origins: OriginsService,
    vault: SecretVault,
    private readonly metrics: ScheduledMetrics,
  ) {
    metrics.define(CREATED_METRIC);
    this.authTokens = vault.boxFor(AUTH_TOKENS);
  }

  /** @throws NotFoundError */
  get(id: string, scope: Scope): Promise<Schedule> {
    return readSchedule(id, scope, this.dataSource.manager);
  }

  /** @throws InvalidInputError when there is no definition */
  async create(changes: ScheduleChanges & { endpoint: string }, scope: Scope): Promise<Schedule> {
    const { definition, enabled = true } = changes;
    if (!definition) throw new InvalidInputError({ non_field_errors: [NO_DEFINITION] });
    const id = uuidv7();
    const { schedule, visibleAt } = await this.creation.create({
      id,
      definition,
      frequency: changes.frequency ?? null,
      endpoint: changes.endpoint,
      originId: await this.origins.idOf(changes.endpoint),
      payload: changes.payload ?? '{}',
      authToken: changes.authToken ? this.authTokens.seal(changes.authToken, id) : null,
      enabled,
      catchUp: changes.catchUp ?? 'latest',
      overlap: changes.overlap ?? 'allow',
      createdBy: scope.callerId,
    });
    this.metrics.increment(CREATED_METRIC);
    // A tick that could have been taken before the schedule was there is not promised: its trigger is looked at again.
    const promised = nextSendAt(schedule);
    return promised && promised <= visibleAt ? this.get(id, scope) : schedule;
  }

  /** @throws NotFoundError, InvalidInputError */
  async update(id: string, changes: ScheduleChanges, scope: Scope): Promise<Schedule> {
    const formerTriggerId = await this.dataSource.transaction(async (manager) => {
      const now = await databaseNow(manager);
      const schedule = await lockSchedule(id, scope, manager);
      const triggerId = await this.applyTo(schedule, changes, now, manager);
      await manager.update(
        Schedule,
        { id },
        { ...withoutRelations(schedule), updatedAt: now, updatedBy: scope.callerId },
      );
      return triggerId;
    });
    await this.triggers.retireUnused([formerTriggerId]);
    return this.get(id, scope);
  }

  /** What is still waiting of it is not sent any more. @throws NotFoundError */
  async remove(id: string, scope: Scope): Promise<void> {
    const triggerId = await this.dataSource.transaction(async (manager) => {
      const schedule = await lockSchedule(id, scope, manager);
      await this.deliveries.forgetFailedTasks([id], manager);
      await manager.delete(Schedule, { id });
      return schedule.triggerId;
    });
    await this.triggers.retireUnused([triggerId]);
  }

  /** One page of its deliveries, and the number of all. @throws NotFoundError */
  async history(id: string, scope: Scope, page: PageRequest): Promise<[DeliveryDto[], number]> {
    if (!(await oneSchedule(id, scope, this.dataSource.manager).getExists())) throw new NotFoundError();
    return this.deliveries.historyOf(id, page);
  }

  /** @returns the id of the trigger it had before */
  private async applyTo(
    schedule: Schedule,
    changes: ScheduleChanges,
    now: Date,
    manager: EntityManager,
  ): Promise<string> {
    const { id, trigger, triggerId } = schedule;
    const wasEnabled = schedule.enabled;
    if (changes.frequency !== undefined) schedule.frequency = changes.frequency;
    if (changes.endpoint !== undefined) {
      const isElsewhere = originOf(changes.endpoint) !== originOf(schedule.endpoint);
      // Otherwise whoever may edit a schedule could have its token sent to themselves.
      if (isElsewhere && changes.authToken === undefined) schedule.authToken = null;
      schedule.endpoint = changes.endpoint;
      schedule.originId = await this.origins.idOf(changes.endpoint);
    }
    if (changes.payload !== undefined) schedule.payload = changes.payload;
    if (changes.authToken !== undefined) {
      schedule.authToken = changes.authToken === null ? null : this.authTokens.seal(changes.authToken, id);
    }
    if (changes.catchUp !== undefined) schedule.catchUp = changes.catchUp;
    if (changes.overlap !== undefined) schedule.overlap = changes.overlap;
    switchOnOrOff(schedule, changes.enabled, now);
    const { definition } = changes;
    const isRedefined = definition && (definition.kind !== trigger.kind || definition.text !== trigger.text);
    if (isRedefined || (schedule.enabled && !wasEnabled)) {
      const wanted = isRedefined ? newDefinition(definition, now) : existingDefinition(schedule);
      schedule.triggerId = await this.triggers.acquire(wanted, schedule.enabled, now, manager);
      schedule.activeSince = now;
    }
    return triggerId;
  }
}

/** Off stops what waits; on begins with the next tick. One that has had all of its runs stays off. */
function switchOnOrOff(schedule: Schedule, enabled: boolean | undefined, now: Date): void {
  const isSpent = schedule.frequency !== null && schedule.triggered >= schedule.frequency;
  if (enabled === true && isSpent && !schedule.enabled) {
    throw InvalidInputError.on('enabled', `It has had its ${schedule.frequency} runs: raise frequency to enable it.`);
  }
  if (enabled === false) schedule.haltedAt = now;
  schedule.enabled = (enabled ?? schedule.enabled) && !isSpent;
}

function existingDefinition({ trigger }: Schedule): Definition {
  const { kind, text, timeZone, phase } = trigger;
  return kind === 'cron' ? { kind, text, timeZone } : { kind, text, phase };
}

/** Locks the row first and reads it with its trigger second: a lock on a join would hold up the trigger's ticks. */
async function lockSchedule(id: string, scope: Scope, manager: EntityManager): Promise<Schedule> {
  const locked = await oneSchedule(id, scope, manager).setLock('pessimistic_write').getOne();
  if (!locked) throw new NotFoundError();
  return readSchedule(id, scope, manager);
}

/** With its trigger, in one statement: `findOne` with a relation would take two. @throws NotFoundError */
async function readSchedule(id: string, scope: Scope, manager: EntityManager): Promise<Schedule> {
  const schedule = await oneSchedule(id, scope, manager).innerJoinAndSelect('schedule.trigger', 'trigger').getOne();
  if (!schedule) throw new NotFoundError();
  return schedule;
}

/** Every statement about one schedule begins here: one that is out of scope is not there. */
function oneSchedule(id: string, scope: Scope, manager: EntityManager): SelectQueryBuilder<Schedule> {
  return manager
    .createQueryBuilder(Schedule, 'schedule')
    .where('schedule.id = :id', { id })
    .andWhere(scope.includes('schedule.created_by'), scope.parameters);
}

function withoutRelations({ trigger: _, ...columns }: Schedule): Omit<Schedule, 'trigger'> {
  return columns;
}
