import { LIMITS } from '../base/limits.js';
import { LOG_INFO } from '../wire/frames.js';
import { HOST_CALL_FUEL } from '../wire/host-calls.js';
import type { HostContext, ImportBinder } from './host-context.js';
import { HostTrap } from './host-trap.js';

/**
 * What AssemblyScript's runtime imports from `env`.
 * @see https://www.assemblyscript.org/compiler.html#host-bindings
 */
export const ASSEMBLYSCRIPT_IMPORTS: Readonly<Record<string, ImportBinder>> = Object.freeze({
  abort: (host) => (message: number, file: number, line: number, column: number) => {
    host.fuel.charge(HOST_CALL_FUEL.abort);
    const text = readString(host, message) || 'abort';
    const place = readString(host, file);
    throw new HostTrap(place === '' ? text : `${text} in ${place}:${line >>> 0}:${column >>> 0}`);
  },

  trace:
    (host) =>
    (message: number, count: number, ...values: number[]) => {
      host.fuel.charge(HOST_CALL_FUEL.trace);
      const text = readString(host, message);
      const given = values.slice(0, Math.max(0, count)).join(', ');
      host.services.effects.logs.addText(LOG_INFO, given === '' ? text : `${text} ${given}`);
    },

  // A f64 there: the runtime takes its bits, so that any number will do.
  seed: (host) => () => {
    host.fuel.charge(HOST_CALL_FUEL.seed);
    return host.services.call.random.next();
  },
});

/** A string of AssemblyScript: UTF-16, its length in bytes in the word before it. */
function readString(host: HostContext, pointer: number): string {
  const start = pointer >>> 0;
  if (start < 4) return '';
  host.memory.check(start - 4, 4);
  const bytes = host.memory.view.getUint32(start - 4, true);
  host.memory.check(start, bytes);
  const kept = Math.min(bytes, LIMITS.log_line_bytes) & ~1;
  host.fuel.charge(0, kept);
  return host.memory.bytes.toString('utf16le', start, start + kept);
}
