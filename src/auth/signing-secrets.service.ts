import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { type DataSource, type EntityManager, IsNull, Not, Raw } from 'typeorm';
import type { Principal } from '../http/access.decorators.js';
import { InvalidInputError, NotFoundError } from '../http/domain-error.js';
import { type SecretBox, SecretVault } from '../secrets/secret-vault.js';
import { User } from '../users/user.entity.js';
import { newSigningSecret } from './signing-secret.js';
import { refuseStranger } from './own-user.js';
import { SigningSecret } from './signing-secret.entity.js';
import { DELETE_RETIRED, LOCK_USER, RETIRE_CURRENT, SIGNING_SECRETS } from './signing-secrets.queries.js';

/** A user's secrets that sign now. */
export interface LiveSecrets {
  current: SigningSecret | null;
  previous: SigningSecret | null;
}

/** The signing secrets of users: for admins and the user itself. To anybody else the user is unknown. */
@Injectable()
export class SigningSecretsService {
  private readonly box: SecretBox;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    vault: SecretVault,
  ) {
    this.box = vault.boxFor(SIGNING_SECRETS);
  }

  /** @throws NotFoundError */
  async show(userId: number, caller: Principal): Promise<LiveSecrets> {
    return liveSecrets(await this.permitted(userId, caller), this.dataSource.manager);
  }

  /**
   * Makes the first secret, or a new one beside the current one, which becomes the previous one.
   *
   * @param previousForSeconds how long that one still signs; 0: not at all
   * @returns the secret, which cannot be shown again
   * @throws NotFoundError, InvalidInputError while the one before the current one still signs
   */
  async rotate(
    userId: number,
    previousForSeconds: number,
    caller: Principal,
  ): Promise<{ secret: string; live: LiveSecrets }> {
    await this.permitted(userId, caller);
    return this.dataSource.transaction(async (manager) => {
      await manager.query(LOCK_USER, [userId]);
      await manager.query(DELETE_RETIRED, [userId]);
      const { previous } = await liveSecrets(userId, manager);
      if (previous?.retiresAt) throw stillSigning(previous.retiresAt);
      await manager.query(RETIRE_CURRENT, [userId, previousForSeconds]);
      if (previousForSeconds === 0) await manager.query(DELETE_RETIRED, [userId]);
      const secret = newSigningSecret();
      await manager.insert(SigningSecret, { userId, sealed: this.box.seal(secret, String(userId)) });
      return { secret, live: await liveSecrets(userId, manager) };
    });
  }

  /** Deliveries are signed by the current secret alone from now on. @throws NotFoundError when there is no previous one */
  async retirePrevious(userId: number, caller: Principal): Promise<void> {
    await this.permitted(userId, caller);
    const { affected } = await this.dataSource.manager.delete(SigningSecret, { userId, retiresAt: Not(IsNull()) });
    if (!affected) throw new NotFoundError();
  }

  /** Deliveries are not signed any more. @throws NotFoundError when there is no secret */
  async remove(userId: number, caller: Principal): Promise<void> {
    await this.permitted(userId, caller);
    const { affected } = await this.dataSource.manager.delete(SigningSecret, { userId });
    if (!affected) throw new NotFoundError();
  }

  private async permitted(userId: number, caller: Principal): Promise<number> {
    refuseStranger(userId, caller);
    if (!(await this.dataSource.manager.existsBy(User, { id: userId }))) throw new NotFoundError();
    return userId;
  }
}

async function liveSecrets(userId: number, manager: EntityManager): Promise<LiveSecrets> {
  const secrets = await manager.findBy(SigningSecret, [
    { userId, retiresAt: IsNull() },
    { userId, retiresAt: Raw((column) => `${column} > now()`) },
  ]);
  return {
    current: secrets.find(({ retiresAt }) => retiresAt === null) ?? null,
    previous: secrets.find(({ retiresAt }) => retiresAt !== null) ?? null,
  };
}

function stillSigning(until: Date): InvalidInputError {
  const message = `The previous secret still signs, until ${until.toISOString()}: retire it first.`;
  return new InvalidInputError({ non_field_errors: [message] });
}
