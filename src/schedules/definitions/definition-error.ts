/** A text is no definition; the message says what is wrong and where. */
export class DefinitionError extends Error {}
