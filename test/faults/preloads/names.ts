// Loaded before the service. Gives a name several addresses, as a hosts file does, of which the first refuses: there is
// none that a test may write to. Every other name is looked up as ever.
import dns, { type LookupAddress } from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';

type Callback = (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void;

const NAME = 'several.test';
const ADDRESSES = ['127.0.0.3', '::1', '127.0.0.1'];

const lookup = dns.lookup as (name: string, options: object, callback: Callback) => void;

dns.lookup = ((name: string, options: object, callback: Callback) => {
  if (name !== NAME) return lookup(name, options, callback);
  const found = ADDRESSES.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  setImmediate(() => callback(null, found));
}) as unknown as typeof dns.lookup;
syncBuiltinESMExports();
