/** POSTs in flight, the same for every contender; bench/peers/work.mjs has it too. */
export const IN_FLIGHT = 256;
