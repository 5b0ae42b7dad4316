/** The service cannot start here. The message says what is wrong and what to do; it is printed without a stack. */
export class StartupError extends Error {}
