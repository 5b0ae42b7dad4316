import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { GroupsService } from '../groups/groups.service.js';
import { InvalidInputError, NotFoundError } from '../http/domain-error.js';
import type { PageRequest } from '../http/paging.js';
import { User } from './user.entity.js';

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

  async grantAdmin(id: number): Promise<void> {
    await this.users.update({ id }, { isAdmin: true });
  }

  /**
   * Puts a user into exactly these groups.
   *
   * @param references group URLs or ids
   * @throws NotFoundError, InvalidInputError on `groups`
   */
  async setGroups(id: number, references: unknown[]): Promise<User> {
    const user = await this.get(id);
    const ids = references.map(groupIdOf);
    user.groups = await this.groups.findByIds(ids);
    const found = new Set(user.groups.map((group) => group.id));
    const unknown = ids.findIndex((groupId) => !found.has(groupId));
    if (unknown >= 0) throw InvalidInputError.on('groups', `No group is ${JSON.stringify(references[unknown])}.`);
    return this.users.save(user);
  }
}

function groupIdOf(reference: unknown): number {
  const digits = /(?:^|\/group\/)(\d{1,9})\/?$/.exec(String(reference))?.[1];
  if (!digits) throw InvalidInputError.on('groups', `${JSON.stringify(reference)} is not a group's URL or id.`);
  return Number(digits);
}
