/** Thrown for a text that is no definition. The message says what is wrong and where, in words for the user. */
export class DefinitionError extends Error {
  override readonly name = 'DefinitionError';
}

/** Characters. No sensible definition is longer; it also bounds what a message can echo. */
export const MAX_DEFINITION_LENGTH = 200;

/** @throws DefinitionError when the text is too long to be read at all */
export function assertDefinitionLength(text: string): void {
  if (text.length > MAX_DEFINITION_LENGTH) {
    throw new DefinitionError(
      `definition is ${text.length} characters long, at most ${MAX_DEFINITION_LENGTH} are accepted`,
    );
  }
}
