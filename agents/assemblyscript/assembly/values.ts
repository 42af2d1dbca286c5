// Reads entries of the deployment's config and of the agent's data store into one region, which
// the next read uses again.

import { get_config, load_data, store_data } from "./host";
import { parseNumber } from "./number";
import { Region } from "./memory";
import { beginText, writeText, writtenLength, writtenStart } from "./reply";

const region = changetype<Region>(memory.data(8, 4));
let length: i32 = 0;

export function valueStart(): usize {
  return region.start;
}

export function valueLength(): usize {
  return <usize>length;
}

function read(fromStore: bool): bool {
  const key = writtenStart();
  const keyLength = writtenLength();
  if (!region.ensure(256)) unreachable();
  const capacity = region.capacity;
  length = fromStore
    ? load_data(key, keyLength, region.start, capacity)
    : get_config(key, keyLength, region.start, capacity);
  if (length <= <i32>capacity) return length >= 0;
  if (!region.ensure(<usize>length)) unreachable();
  length = fromStore
    ? load_data(key, keyLength, region.start, region.capacity)
    : get_config(key, keyLength, region.start, region.capacity);
  return length >= 0;
}

/** Reads a config entry; false when there is none. Must not be called while a reply is written. */
export function readConfig(name: string): bool {
  beginText();
  writeText(name);
  return read(false);
}

/** Reads a config entry as a number above 0; `otherwise` when it is none. */
export function readConfigNumber(name: string, otherwise: f64): f64 {
  if (!readConfig(name)) return otherwise;
  const number = parseNumber(region.start, region.start + <usize>length);
  return number > 0 && number <= 1e12 ? number : otherwise;
}

/** Reads a stored value; false when there is none. Must not be called while a reply is written. */
export function readStored(name: string): bool {
  beginText();
  writeText(name);
  return read(true);
}

/** Whether the value just read is this ASCII text. */
export function valueIs(text: string): bool {
  if (length != text.length) return false;
  for (let i = 0; i < length; i++) {
    if (load<u8>(region.start + <usize>i) != <u8>text.charCodeAt(i)) return false;
  }
  return true;
}

/** Stores what has been written since `beginText` and behind the first `keyLength` bytes of it. */
export function storeWritten(keyLength: usize): i32 {
  const start = writtenStart();
  return store_data(start, keyLength, start + keyLength, writtenLength() - keyLength);
}
