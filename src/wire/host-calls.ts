/** What an agent pays for each host call, in units of fuel, on top of the call's own operator. */
export const HOST_CALL_FUEL = Object.freeze({
  send_message: 500,
  broadcast_message: 2_000,
  register_capability: 1_000,
  subscribe_messages: 1_000,
  store_data: 500,
  load_data: 200,
  delete_data: 300,
  get_config: 100,
  set_timer: 500,
  cancel_timer: 200,
  current_timestamp: 100,
  random_u32: 100,
  fuel_remaining: 100,
  console_log: 300,
  console_error: 300,
  abort: 100,
  trace: 300,
  seed: 100,
  /** Every WASI call. */
  wasi: 200,
});

export type HostCall = keyof typeof HOST_CALL_FUEL;

/** One unit more for so many bytes that a host call copies. */
export const HOST_CALL_BYTES_PER_FUEL = 64;

/** Negative results of host calls. */
export const HOST_NOT_FOUND = -1;
export const HOST_INVALID_ARGUMENT = -2;
export const HOST_LIMIT_EXCEEDED = -3;
export const HOST_NOT_PERMITTED = -4;
