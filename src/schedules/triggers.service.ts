import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { NOTIFY } from '../database/notifications.js';
import { type Definition, nextTick } from './definitions/definition.js';
import {
  ACTIVATE_TRIGGER,
  DELETE_UNUSED_TRIGGERS,
  FIND_TRIGGER,
  INSERT_TRIGGER,
  LOCK_UNUSED_TRIGGERS,
  MAKE_TRIGGERS,
  REST_UNUSED_TRIGGERS,
  WAKE_TRIGGERS,
} from './schedules.queries.js';
import { type DefinitionRow, definitionRow } from './trigger.entity.js';

interface TriggerRow {
  id: string;
  next_fire_at: Date | null;
}

/** Finds, makes and retires the triggers that schedules share. */
@Injectable()
export class TriggersService {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /**
   * The trigger of a definition, made when there is none, and kept from going until the transaction ends.
   *
   * @param isNeeded whether an enabled schedule will have it: then it is due from `now` on, and all replicas are told
   * @returns its id
   */
  async acquire(definition: Definition, isNeeded: boolean, now: Date, manager: EntityManager): Promise<string> {
    const { kind, text, time_zone, phase } = definitionRow(definition);
    const key = [kind, text, time_zone, phase];
    const firstTick = isNeeded ? nextTick(definition, now) : null;
    for (;;) {
      const [found] = await manager.query<TriggerRow[]>(FIND_TRIGGER, key);
      if (found) {
        if (isNeeded && !found.next_fire_at) await this.activate(found.id, firstTick, manager);
        return found.id;
      }
      const [made] = await manager.query<TriggerRow[]>(INSERT_TRIGGER, [...key, firstTick]);
      if (made) {
        if (isNeeded) await this.announce(manager);
        return made.id;
      }
    }
  }

  /**
   * Makes the triggers of definitions that have none, and puts those to work that rest. Does not keep them from going:
   * whoever relies on one looks again.
   *
   * @param wanted `firstTick` is null where no enabled schedule will have it
   */
  async prepare(wanted: { definition: Definition; firstTick: Date | null }[], manager: EntityManager): Promise<void> {
    const rows = [...distinctRows(wanted).values()];
    const columns = [
      rows.map(({ kind }) => kind),
      rows.map(({ text }) => text),
      rows.map(({ time_zone }) => time_zone),
      rows.map(({ phase }) => phase),
      rows.map(({ firstTick }) => firstTick),
    ];
    const made = await manager.query<unknown[]>(MAKE_TRIGGERS, columns);
    const [woken] = await manager.query<[unknown[], number]>(WAKE_TRIGGERS, columns);
    if (made.length > 0 || woken.length > 0) await this.announce(manager);
  }

  /** Removes those of the triggers that have no schedule, and rests those that have no enabled one. */
  async retireUnused(ids: string[]): Promise<void> {
    if (ids.length === 0) return;
    await this.dataSource.transaction(async (manager) => {
      const locked = await manager.query<{ id: string }[]>(LOCK_UNUSED_TRIGGERS, [ids]);
      if (locked.length === 0) return;
      const unused = locked.map(({ id }) => id);
      await manager.query(DELETE_UNUSED_TRIGGERS, [unused]);
      await manager.query(REST_UNUSED_TRIGGERS, [unused]);
      await this.announce(manager);
    });
  }

  private async activate(id: string, firstTick: Date | null, manager: EntityManager): Promise<void> {
    await manager.query(ACTIVATE_TRIGGER, [id, firstTick]);
    await this.announce(manager);
  }

  private async announce(manager: EntityManager): Promise<void> {
    await manager.query(NOTIFY, ['seed_triggers']);
  }
}

/** One row a definition; it has a first tick when any of those that want it needs one. */
function distinctRows(
  wanted: { definition: Definition; firstTick: Date | null }[],
): Map<string, DefinitionRow & { firstTick: Date | null }> {
  const rows = new Map<string, DefinitionRow & { firstTick: Date | null }>();
  for (const { definition, firstTick } of wanted) {
    const key = JSON.stringify(definition);
    rows.set(key, { ...definitionRow(definition), firstTick: firstTick ?? rows.get(key)?.firstTick ?? null });
  }
  return rows;
}
