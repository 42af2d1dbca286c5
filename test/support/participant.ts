import { GuestBuilder, SCRATCH } from './guest-builder.js';
import { compileWat } from './guests.js';

/** What a participant does when it gets a message: sends this to the task, or fails the message. */
export type Act = { readonly performative: string; readonly content?: unknown } | 'trap';

/** By the performative of what comes. What isn't named it takes without a word. */
export interface Script {
  readonly cfp?: Act;
  readonly 'accept-proposal'?: Act;
  readonly 'reject-proposal'?: Act;
  /** Lets a test say when the participant shall act, without waiting for anything. */
  readonly request?: Act;
}

const TASK_ID_BYTES = 'task_'.length + 26;

const FIND = `
  (func $find (param $ptr i32) (param $len i32) (param $text i32) (param $size i32) (result i32)
    (local $end i32) (local $i i32)
    (local.set $end (i32.sub (i32.add (local.get $ptr) (local.get $len)) (local.get $size)))
    (block $none
      (loop $next
        (br_if $none (i32.gt_s (local.get $ptr) (local.get $end)))
        (local.set $i (i32.const 0))
        (block $differs
          (loop $same
            (if (i32.eq (local.get $i) (local.get $size)) (then (return (local.get $ptr))))
            (br_if $differs
              (i32.ne
                (i32.load8_u (i32.add (local.get $ptr) (local.get $i)))
                (i32.load8_u (i32.add (local.get $text) (local.get $i)))))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br $same)))
        (local.set $ptr (i32.add (local.get $ptr) (i32.const 1)))
        (br $next)))
    (i32.const 0))`;

/**
 * An agent that follows a script. It remembers the task that last called or accepted it, and all it
 * sends goes there, also when somebody else's request makes it act.
 */
export async function participant(script: Script): Promise<Uint8Array<ArrayBuffer>> {
  const guest = new GuestBuilder();
  const send = guest.use('send_message');
  guest.add(FIND);
  const has = (performative: string): string =>
    `(call $find (local.get $ptr) (local.get $len) ${guest.text(`"performative":"${performative}"`)})`;
  const sender = '"sender":"';
  const remember = `
    (if (i32.or ${['cfp', 'accept-proposal'].map(has).join(' ')})
      (then
        (memory.copy
          (i32.const ${SCRATCH})
          (i32.add
            (call $find (local.get $ptr) (local.get $len) ${guest.text(sender)})
            (i32.const ${sender.length}))
          (i32.const ${TASK_ID_BYTES}))))`;
  const acts = Object.entries(script).map(
    ([performative, act]) => `
    (if ${has(performative)}
      (then ${act === 'trap' ? '(unreachable)' : sendWat(guest, send, act)}))`,
  );
  return compileWat('participant', guest.build(`${remember}${acts.join('')} (i32.const 0)`));
}

function sendWat(guest: GuestBuilder, send: string, act: Exclude<Act, 'trap'>): string {
  const head = '{"receiver":"';
  const fields = JSON.stringify(act).slice(1);
  const text = guest.text(`${head}${'_'.repeat(TASK_ID_BYTES)}",${fields}`);
  const start = Number(/const (\d+)/.exec(text)?.[1]);
  return `
    (memory.copy
      (i32.const ${start + head.length}) (i32.const ${SCRATCH}) (i32.const ${TASK_ID_BYTES}))
    (drop (call ${send} ${text}))`;
}

/** The script of one that bids and does what it wins. */
export function bidder(bid: object, outcome: Act = DONE): Script {
  return { cfp: { performative: 'propose', content: bid }, 'accept-proposal': outcome };
}

export const DONE: Act = { performative: 'inform', content: { result: 'done' } };
