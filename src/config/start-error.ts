/** The service or a command cannot start. The message says what is wrong and what to do, and is printed without a stack. */
export class StartError extends Error {}
