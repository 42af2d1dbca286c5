import { LIMITS } from '../base/limits.js';
import {
  HOST_CALL_FUEL,
  HOST_INVALID_ARGUMENT,
  HOST_LIMIT_EXCEEDED,
  HOST_NOT_FOUND,
} from '../wire/host-calls.js';
import type { HostContext, ImportBinder } from './host-context.js';

const TIMER_DELAY_MAX_US = LIMITS.timer_delay_max_ms * 1_000;

/** The imports for an agent's data, config and timers. */
export const STATE_IMPORTS: Readonly<Record<string, ImportBinder>> = Object.freeze({
  store_data:
    (host) => (keyPointer: number, keyLength: number, pointer: number, length: number) => {
      const keyStart = host.memory.check(keyPointer, keyLength);
      const start = host.memory.check(pointer, length);
      host.fuel.charge(HOST_CALL_FUEL.store_data, (keyLength >>> 0) + (length >>> 0));
      const key = rangeOf(host, keyStart, keyLength);
      const value = rangeOf(host, start, length);
      const { data } = host.agent;
      const { effects } = host.services;
      const refused = data.check(key, value.length) || effects.dataPut(key, value, data.nextWrite);
      if (refused === 0) data.put(key, value, effects.undo);
      return refused;
    },

  load_data:
    (host) => (keyPointer: number, keyLength: number, pointer: number, capacity: number) => {
      const keyStart = host.memory.check(keyPointer, keyLength);
      const start = host.memory.check(pointer, capacity);
      host.fuel.charge(HOST_CALL_FUEL.load_data, keyLength >>> 0);
      if (keyLength >>> 0 > LIMITS.data_key_bytes) return HOST_INVALID_ARGUMENT;
      const value = host.agent.data.get(rangeOf(host, keyStart, keyLength));
      return giveValue(host, value, start, capacity);
    },

  delete_data: (host) => (keyPointer: number, keyLength: number) => {
    const keyStart = host.memory.check(keyPointer, keyLength);
    host.fuel.charge(HOST_CALL_FUEL.delete_data, keyLength >>> 0);
    if (keyLength >>> 0 > LIMITS.data_key_bytes) return HOST_INVALID_ARGUMENT;
    const key = rangeOf(host, keyStart, keyLength);
    const { data } = host.agent;
    const { effects } = host.services;
    if (data.get(key) === undefined) return HOST_NOT_FOUND;
    const refused = effects.dataDelete(key, data.nextWrite);
    if (refused === 0) data.delete(key, effects.undo);
    return refused;
  },

  get_config:
    (host) => (keyPointer: number, keyLength: number, pointer: number, capacity: number) => {
      const keyStart = host.memory.check(keyPointer, keyLength);
      const start = host.memory.check(pointer, capacity);
      host.fuel.charge(HOST_CALL_FUEL.get_config, keyLength >>> 0);
      if (keyLength >>> 0 > LIMITS.environment_bytes) return HOST_NOT_FOUND;
      const key = host.memory.text(keyStart, keyLength);
      return giveValue(host, host.agent.environment.get(key), start, capacity);
    },

  set_timer: (host) => (delayUs: bigint) => {
    host.fuel.charge(HOST_CALL_FUEL.set_timer);
    if (delayUs < 0n) return HOST_INVALID_ARGUMENT;
    if (delayUs > TIMER_DELAY_MAX_US) return HOST_LIMIT_EXCEEDED;
    const { effects } = host.services;
    const id = host.agent.timers.set(effects.undo);
    if (id < 0) return id;
    const refused = effects.timerSet(id, Number(delayUs));
    // Without its effect the timer isn't there; its id is taken back only if the call fails.
    if (refused !== 0) host.agent.timers.fire(id);
    return refused === 0 ? id : refused;
  },

  cancel_timer: (host) => (id: number) => {
    host.fuel.charge(HOST_CALL_FUEL.cancel_timer);
    const { effects } = host.services;
    const { timers } = host.agent;
    if (!timers.isPending(id)) return HOST_NOT_FOUND;
    const refused = effects.timerCancel(id);
    if (refused === 0) timers.cancel(id, effects.undo);
    return refused;
  },
});

function rangeOf(host: HostContext, start: number, length: number): Uint8Array {
  return host.memory.bytes.subarray(start, start + (length >>> 0));
}

/** Copies as much of a value as fits. @returns its full size, or that there is none */
function giveValue(
  host: HostContext,
  value: Uint8Array | undefined,
  start: number,
  capacity: number,
): number {
  if (value === undefined) return HOST_NOT_FOUND;
  host.fuel.charge(0, Math.min(value.length, capacity >>> 0));
  host.memory.copyIn(start, capacity, value);
  return value.length;
}
