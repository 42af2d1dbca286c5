import { GuestBuilder } from '../support/guest-builder.js';
import { compileWat } from '../support/guests.js';

/** What is left nowhere but in a message, and in stored data. */
export const SECRET = 'sekret-4711';
const KEY = 'k';
const PAGE = 65_536;
/** Where the guest writes, and where it loads to. */
const MARK = 40_000;
const BUFFER = 41_000;
const CAPACITY = 64;
const FILLER = 0xaa;

/** What `look` says in an instance that nothing was done in. */
export const FRESH = 2 << 20;
/** And after `write`. */
export const WRITTEN = (3 << 20) | (1 << 16) | (88 << 8) | 77;
/** What `load` says when there is nothing under the key. */
export const NOTHING_STORED = 99;
export const SECRET_STORED = 100 + SECRET.length;
/** What `search` says when the secret is nowhere in its memory. */
export const NOT_FOUND = 1;
export const BUFFER_UNTOUCHED = 1;

/**
 * An agent that writes into everything it has and says what it finds there. The last character of
 * the content says what it does; it says so by failing with a number.
 *
 *   w  writes a global, memory, a table, stored data and a log line, grows memory, sets a timer
 *   x  does the same and traps; f  and runs out of fuel
 *   r  looks: FRESH, WRITTEN or something else
 *   d  loads the stored data; c  loads it into a longer buffer and looks at the rest of that
 *   s  searches its memory for the secret
 */
export function diary(salt = ''): Promise<Uint8Array<ArrayBuffer>> {
  const guest = new GuestBuilder();
  const key = guest.text(KEY);
  // One more in each byte, so that the text to be looked for isn't in memory itself.
  const veiled = guest.text(Buffer.from(SECRET).map((byte) => byte + 1));
  const [pattern = ''] = veiled.split(') ');
  const value = `(call $unveil) (call ${guest.use('store_data')} ${key}
    (i32.const ${BUFFER}) (i32.const ${SECRET.length}))`;
  const load = `(call ${guest.use('load_data')} ${key} (i32.const ${BUFFER}) (i32.const ${CAPACITY}))`;
  const veil = `(memory.fill (i32.const ${BUFFER}) (i32.const ${FILLER}) (i32.const ${CAPACITY}))`;
  const told = guest.json({ performative: 'inform', receiver: 'tester', content: 'timer' });
  const patternByte = `(i32.sub (i32.load8_u (i32.add ${pattern}) (local.get $i))) (i32.const 1))`;
  guest.add(`(global $mark (mut i32) (i32.const 0))
    (global $salt i32 (i32.const ${salt.length}))
    (table $slots 2 funcref) (elem declare func $unveil)
    (func $unveil (local $i i32)
      (loop $next
        (i32.store8 (i32.add (i32.const ${BUFFER}) (local.get $i)) ${patternByte})
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $i) (i32.const ${SECRET.length})))))
    (func $write
      (global.set $mark (i32.const 77))
      (i32.store8 (i32.const ${MARK}) (i32.const 88))
      (table.set $slots (i32.const 1) (ref.func $unveil))
      (drop (memory.grow (i32.const 1)))
      (drop ${value})
      (call ${guest.use('console_log')} (i32.const ${BUFFER}) (i32.const ${SECRET.length}))
      ${veil}
      (drop (call ${guest.use('set_timer')} (i64.const 50000))))
    (func $look (result i32)
      (i32.or (global.get $mark)
        (i32.or (i32.shl (i32.load8_u (i32.const ${MARK})) (i32.const 8))
          (i32.or (i32.shl (i32.eqz (ref.is_null (table.get $slots (i32.const 1)))) (i32.const 16))
            (i32.shl (memory.size) (i32.const 20))))))
    (func $rest (result i32) (local $at i32)
      ${veil}
      (local.set $at (i32.add (i32.const ${BUFFER}) ${load}))
      (loop $next
        (if (i32.ne (i32.load8_u (local.get $at)) (i32.const ${FILLER}))
          (then (return (i32.const 2))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $at) (i32.const ${BUFFER + CAPACITY}))))
      ${veil}
      (i32.const ${BUFFER_UNTOUCHED}))
    (func $is_here (param $at i32) (result i32) (local $i i32)
      (loop $next
        (if (i32.ne (i32.load8_u (i32.add (local.get $at) (local.get $i))) ${patternByte})
          (then (return (i32.const 0))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $i) (i32.const ${SECRET.length}))))
      (i32.const 1))
    (func $search (result i32) (local $at i32) (local $found i32) (local $end i32)
      (local.set $end (i32.sub (i32.mul (memory.size) (i32.const ${PAGE}))
        (i32.const ${SECRET.length})))
      (loop $next
        (local.set $found (i32.add (local.get $found) (call $is_here (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br_if $next (i32.le_u (local.get $at) (local.get $end))))
      (i32.add (local.get $found) (i32.const ${NOT_FOUND})))
    (func (export "handle_timer") (param i32) (result i32)
      (call ${guest.use('send_message')} ${told}))`);
  const is = (letter: string): string =>
    `(i32.eq (local.get $command) (i32.const ${letter.charCodeAt(0)}))`;
  const when = (letter: string, then: string): string => `(if ${is(letter)} (then ${then}))`;
  return compileWat(
    'diary',
    guest.build(`(local $command i32)
      (local.set $command (i32.load8_u (i32.sub (i32.add (local.get $ptr) (local.get $len))
        (i32.const 3))))
      ${when('w', '(call $write)')}
      ${when('x', '(call $write) (unreachable)')}
      ${when('f', '(call $write) (loop $again (br $again))')}
      ${when('r', '(return (call $look))')}
      ${when('d', `(return (i32.add ${load} (i32.const 100)))`)}
      ${when('c', '(return (call $rest))')}
      ${when('s', '(return (call $search))')}
      (i32.const 0)`),
  );
}
