const CR = 0x0d;
const LF = 0x0a;
const DIGIT_0 = 0x30;
const DIGIT_1 = 0x31;
const STATUS_LINE = Buffer.from('HTTP/1.');
/** Where the digits of the status begin in `HTTP/1.1 200`. */
const STATUS_AT = 9;
const STATUS_END = 12;
const SWITCHING_PROTOCOLS = 101;
const NOTHING = Buffer.alloc(0);

/** More bytes of interim responses came than are read. */
export class InterimOverflowError extends Error {
  override readonly name = 'InterimOverflowError';
  readonly code = 'UND_ERR_HEADERS_OVERFLOW';

  constructor(limit: number) {
    super(`more than ${limit} bytes of interim responses`);
  }
}

/** The receiver speaks another protocol from here on, which was not asked for. */
export class UnaskedUpgradeError extends Error {
  override readonly name = 'HTTPParserError';

  constructor() {
    super('101 Switching Protocols, which was not asked for');
  }
}

/**
 * Takes the interim responses (1xx) out of what a connection brings, request by request. undici takes a 100 for a fault of
 * the receiver, though a receiver may send one unasked (RFC 9110, section 15.2), as some proxies do.
 */
export class InterimResponses {
  private held: Buffer = NOTHING;
  private skipped = 0;
  private isFinal = true;

  /** @param limit bytes of all interim responses to one request */
  constructor(private readonly limit: number) {}

  /** Begins the responses to another request. */
  restart(): void {
    this.held = NOTHING;
    this.skipped = 0;
    this.isFinal = false;
  }

  /**
   * @returns what is not of an interim response, as soon as that is certain; null when nothing is left
   * @throws InterimOverflowError, or UnaskedUpgradeError
   */
  next(chunk: Buffer): Buffer | null {
    if (this.isFinal) return chunk;
    let rest = this.held.length > 0 ? Buffer.concat([this.held, chunk]) : chunk;
    for (;;) {
      const status = statusOf(rest);
      if (status === 'final') {
        this.isFinal = true;
        this.held = NOTHING;
        return rest;
      }
      if (status === SWITCHING_PROTOCOLS) throw new UnaskedUpgradeError();
      const end = status === 'unknown' ? -1 : endOfHead(rest);
      if (this.skipped + (end < 0 ? rest.length : end) > this.limit) throw new InterimOverflowError(this.limit);
      if (end < 0) {
        this.held = rest;
        return null;
      }
      this.skipped += end;
      rest = rest.subarray(end);
    }
  }
}

/** @returns an interim status, `final` for whatever is not of an interim response, `unknown` when more has to come */
function statusOf(bytes: Buffer): number | 'final' | 'unknown' {
  if (bytes.length > STATUS_AT && bytes[STATUS_AT] !== DIGIT_1) return 'final';
  const seen = Math.min(bytes.length, STATUS_LINE.length);
  if (bytes.compare(STATUS_LINE, 0, seen, 0, seen) !== 0) return 'final';
  if (bytes.length < STATUS_END) return 'unknown';
  return 100 + (bytes[STATUS_AT + 1] - DIGIT_0) * 10 + (bytes[STATUS_AT + 2] - DIGIT_0);
}

/** @returns the position after the empty line that ends the headers; -1 when it has not come */
function endOfHead(bytes: Buffer): number {
  for (let lf = bytes.indexOf(LF); lf >= 0; lf = bytes.indexOf(LF, lf + 1)) {
    if (bytes[lf + 1] === LF) return lf + 2;
    if (bytes[lf + 1] === CR && bytes[lf + 2] === LF) return lf + 3;
  }
  return -1;
}
