import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Any, QueryFailedError, type Repository } from 'typeorm';
import { InvalidInputError, NotFoundError } from '../http/domain-error.js';
import type { PageRequest } from '../http/paging.js';
import { Group } from './group.entity.js';

const UNIQUE_VIOLATION = '23505';

@Injectable()
export class GroupsService {
  constructor(@InjectRepository(Group) private readonly groups: Repository<Group>) {}

  /** Newest first, with the number of all. */
  list({ limit, offset }: PageRequest): Promise<[Group[], number]> {
    return this.groups.findAndCount({ order: { id: 'DESC' }, take: limit, skip: offset });
  }

  /** @throws NotFoundError */
  async get(id: number): Promise<Group> {
    const group = await this.groups.findOneBy({ id });
    if (!group) throw new NotFoundError();
    return group;
  }

  /** @returns those of the ids that are groups */
  findByIds(ids: number[]): Promise<Group[]> {
    // One parameter however many ids there are: PostgreSQL's protocol counts no more than 65,535.
    return this.groups.findBy({ id: Any(ids) });
  }

  /** @throws InvalidInputError when the name is taken */
  create(name: string): Promise<Group> {
    return this.save(this.groups.create({ name }));
  }

  /** @throws NotFoundError, InvalidInputError when the name is taken */
  async rename(id: number, name: string): Promise<Group> {
    return this.save({ ...(await this.get(id)), name });
  }

  /** Its users stay, without the group. @throws NotFoundError */
  async remove(id: number): Promise<void> {
    await this.groups.remove(await this.get(id));
  }

  private async save(group: Group): Promise<Group> {
    try {
      return await this.groups.save(group);
    } catch (error) {
      if (error instanceof QueryFailedError && (error.driverError as { code?: string }).code === UNIQUE_VIOLATION) {
        throw InvalidInputError.on('name', 'group with this name already exists.');
      }
      throw error;
    }
  }
}
