import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { EntityManager, Repository } from 'typeorm';
import type { Group } from '../groups/group.entity.js';
import { GroupsService } from '../groups/groups.service.js';
import { InvalidInputError, NotFoundError } from '../http/domain-error.js';
import type { PageRequest } from '../http/paging.js';
import { User } from './user.entity.js';

// NO KEY UPDATE: tokens and schedules of these users can be created meanwhile.
const LOCK_ACTIVE_ADMINS = 'SELECT id FROM users WHERE is_admin AND is_active ORDER BY id FOR NO KEY UPDATE';

/** Changes to a user; undefined leaves a field as it is. */
export interface UserChanges {
  /** group URLs or ids: the user is in exactly these from now on */
  groups?: unknown[];
  isActive?: boolean;
}

@Injectable()
export class UsersService {
  constructor(
    @InjectRepository(User) private readonly users: Repository<User>,
    private readonly groups: GroupsService,
  ) {}

  /** Newest first, with the number of all. */
  list({ limit, offset }: PageRequest): Promise<[User[], number]> {
    return this.users.findAndCount({ relations: { groups: true }, order: { id: 'DESC' }, take: limit, skip: offset });
  }

  /** @throws NotFoundError */
  async get(id: number): Promise<User> {
    const user = await this.users.findOne({ where: { id }, relations: { groups: true } });
    if (!user) throw new NotFoundError();
    return user;
  }

  /**
   * The user with this email address, made when there is none. Two calls at once make one user.
   *
   * @param email of any case
   */
  async findOrCreate(email: string, { isAdmin = false } = {}): Promise<User> {
    const normalised = email.toLowerCase();
    await this.users
      .createQueryBuilder()
      .insert()
      .values({ email: normalised, username: normalised, isAdmin })
      .orIgnore()
      .execute();
    return this.users.findOneByOrFail({ email: normalised });
  }

  /**
   * Makes the user with this email address an active admin, and creates it when there is none.
   *
   * @returns the user, and whether one that existed had to be changed
   */
  async makeAdmin(email: string): Promise<{ admin: User; isChanged: boolean }> {
    const admin = await this.findOrCreate(email, { isAdmin: true });
    const isChanged = !admin.isAdmin || !admin.isActive;
    Object.assign(admin, { isAdmin: true, isActive: true });
    if (isChanged) await this.users.update({ id: admin.id }, { isAdmin: true, isActive: true });
    return { admin, isChanged };
  }

  /**
   * Changes a user.
   *
   * @throws NotFoundError, InvalidInputError on `groups` or `is_active`
   */
  update(id: number, { groups, isActive }: UserChanges): Promise<User> {
    return this.users.manager.transaction(async (manager) => {
      if (isActive === false) await refuseLastAdmin(id, manager);
      const user = await manager.findOne(User, { where: { id }, relations: { groups: true } });
      if (!user) throw new NotFoundError();
      if (groups) user.groups = await this.groupsOf(groups);
      user.isActive = isActive ?? user.isActive;
      return manager.save(user);
    });
  }

  private async groupsOf(references: unknown[]): Promise<Group[]> {
    const ids = references.map(groupIdOf);
    const groups = await this.groups.findByIds(ids);
    const found = new Set(groups.map(({ id }) => id));
    const unknown = ids.findIndex((id) => !found.has(id));
    if (unknown >= 0) throw InvalidInputError.on('groups', `No group is ${JSON.stringify(references[unknown])}.`);
    return groups;
  }
}

/**
 * Throws if the user is the only active admin. Locks the active admins until the transaction ends, so that two of them
 * who deactivate each other at the same time do not both succeed.
 */
async function refuseLastAdmin(id: number, manager: EntityManager): Promise<void> {
  const admins = await manager.query<{ id: number }[]>(LOCK_ACTIVE_ADMINS);
  if (admins.length === 1 && admins[0]?.id === id) {
    throw InvalidInputError.on('is_active', 'The last active admin cannot be deactivated.');
  }
}

function groupIdOf(reference: unknown): number {
  const digits = /(?:^|\/group\/)(\d{1,9})\/?$/.exec(String(reference))?.[1];
  if (!digits) throw InvalidInputError.on('groups', `${JSON.stringify(reference)} is not a group's URL or id.`);
  return Number(digits);
}
