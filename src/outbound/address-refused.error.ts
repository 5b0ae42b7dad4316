/** A request may not go where its URL, or what its host resolves to, says. Tells nothing more, so that nobody learns what is there. */
export class AddressRefusedError extends Error {
  override readonly name = 'AddressRefusedError';
  readonly code = 'ERR_ADDRESS_REFUSED';

  constructor() {
    super('This address is not permitted.');
  }
}
