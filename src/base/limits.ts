import { assert } from './assert.js';

const KIB = 1024;
const MIB = 1024 * KIB;

/**
 * Every bound of the server, in one place. Units are last in each name. Those that an operator may
 * change appear in the config under `limits` with these values as defaults.
 */
export const LIMITS = Object.freeze({
  // Messages.
  content_bytes: 1 * MIB,
  /** Most that `content_bytes` may be configured to. */
  content_bytes_max: 8 * MIB,
  /** Each of sender, receiver, conversation_id, reply_with, … in UTF-8. */
  field_bytes: 256,
  /** The whole of a message's header and text fields in its binary form. */
  envelope_bytes: 4 * KIB,
  batch_messages: 10_000,
  content_depth: 128,
  /** Content, what it comes in, and room to spare, so that an answer can name the message. */
  message_pack_depth: 1_024,
  /** Values in one text of MessagePack: more than the largest content can hold. */
  message_pack_values: 5_000_000,
  priority_max: 9,
  /**
   * Messages of agents, each sent while the one before was handled, before the next is refused: what
   * agents say to each other without end then ends.
   */
  hops: 10_000,
  /** Most that `hops` may be configured to. */
  hops_max: 1_000_000_000,
  wait_default_ms: 30_000,
  wait_max_ms: 600_000,
  waiting_callers: 100_000,
  idempotency_keys: 100_000,
  /** Results and replies kept under idempotency keys. */
  idempotency_bytes: 64 * MIB,
  known_clients: 100_000,
  /**
   * Conversations whose clients chose the id of which it is known when they began: so many that were
   * spoken in last at least, twice as many at most. A power of two; 64 bytes each.
   */
  conversation_births: 2 ** 18,
  /** Messages of the history that are looked through for them after a restart, newest first. */
  birth_recall_messages: 2_000_000,

  // Conversations that follow a protocol; the longest idle are forgotten first.
  tracked_conversations: 100_000,
  /** Of one conversation; further ones speak unchecked. */
  conversation_participants: 1_000,
  /** Of all tracked conversations together. */
  tracked_participants: 500_000,
  conversation_idle_ms: 30 * 60 * 1000,
  /** Messages with a reply_by that are not answered yet; further ones are refused. */
  awaited_replies: 100_000,
  /** Providers that the directory of capabilities names for each; it counts all. */
  capability_providers_shown: 100,

  // Rings.
  ring_bytes: 8 * MIB,
  ring_bytes_min: 64 * KIB,
  ring_bytes_max: 1024 * MIB,

  // Mailboxes.
  mailbox_messages: 1_000,
  mailbox_messages_max: 100_000,
  mailbox_bytes: 8 * MIB,
  /** Work that one agent may have queued in its worker's ring, so that its neighbours' wait is short. */
  dispatch_window_us: 2_000,
  dispatch_window_messages: 1_024,

  // One message's effects: what the agent sends, stores and logs while it handles it.
  effects_bytes: 3 * MIB,
  effects_messages: 1_000,
  log_line_bytes: 4 * KIB,
  log_bytes_per_message: 64 * KIB,
  log_lines_kept: 1_000,

  // Agents.
  agents: 20_000,
  agent_name_bytes: 128,
  environment_entries: 256,
  environment_name_characters: 256,
  environment_bytes: 64 * KIB,
  capabilities_per_agent: 64,
  subscriptions_per_agent: 64,
  timers_per_agent: 1_000,
  timer_delay_max_ms: 7 * 24 * 3600 * 1000,
  data_key_bytes: 512,
  data_value_bytes: 1 * MIB,
  data_bytes_per_agent: 16 * MIB,
  /** What an entry takes in a worker's memory beside its key and value. */
  data_entry_bytes: 320,
  /** Stored data of all agents on one worker, which lies in its heap. */
  data_bytes_per_worker: 512 * MIB,
  memory_default_bytes: 64 * MIB,
  memory_max_bytes: 1024 * MIB,
  /** What a call's growing of memory may count: 1 each time, and 1 for every 64 MiB there already. */
  memory_growth_per_call: 4_000,
  fuel_default: 10_000_000,
  fuel_min: 1_000,
  fuel_max: 10_000_000_000,
  init_fuel_min: 100_000_000,
  init_fuel_messages: 10,
  max_message_ms_default: 10_000,
  max_message_ms_max: 60_000,
  cpu_share_millis_max: 1_000,
  instances_per_agent: 64,
  /** Removed agents whose names are remembered, for subscriptions by name. */
  former_agents: 10_000,
  /** An instance of a former version ends when its conversations were silent for so long, … */
  version_linger_ms: 300_000,
  /** … and after so long in any case. */
  version_linger_max_ms: 1_800_000,
  /** Former versions of an agent that linger beside the present one; the oldest goes first. */
  former_versions_per_agent: 3,

  // Supervision.
  restart_backoff_ms: 100,
  restart_backoff_max_ms: 30_000,
  /** Until a restart that failed through no fault of the agent is tried again. */
  restart_retry_ms: 1_000,
  restarts_per_minute: 5,
  /** After so many deaths of workers in an agent's hands within a minute it is not started again. */
  worker_deaths_per_minute: 3,
  /** The same for deaths during its start, one start after the other. */
  worker_deaths_per_start: 5,
  /** How often a message is given to its agent in all when workers die over it. */
  delivery_tries: 3,
  /** Most that `delivery_tries` may be configured to; a frame counts them in one byte. */
  delivery_tries_max: 100,
  prepare_timeout_ms: 60_000,
  /** Wall-clock backstop of an agent's start and of its shutdown, unless `max_message_ms` is more. */
  step_min_ms: 5_000,
  /** Refused sends of one message that become dead letters of their own; the rest is logged. */
  refused_sends_buried: 16,
  refused_send_pause_ms: 10,
  refused_send_pause_max_ms: 1_000,
  /** How long a stopping server lets its agents finish, twice: for what waits, and to shut down. */
  shutdown_drain_ms: 5_000,
  grace_period_default_s: 30,
  grace_period_max_s: 3_600,
  worker_restart_backoff_ms: 100,
  /** After so long a thread that has not reported is given up. */
  worker_start_ms: 30_000,
  /** After so long a thread that was told to end is left to itself, and its agents start elsewhere. */
  worker_exit_ms: 1_000,
  /** After so long a server that was told to stop ends, whatever it waits for. */
  shutdown_max_ms: 25_000,
  /** `caxton serve --supervise`: until a server that died is started again; then twice as long … */
  supervise_backoff_ms: 100,
  /** … up to this; anew when it ran so long, within which so many failed starts end it. */
  supervise_backoff_max_ms: 30_000,
  supervise_stable_ms: 60_000,
  supervise_failed_starts: 5,
  /** JavaScript heap of one worker thread; agents' memories lie outside of it. */
  worker_heap_mb: 1_024,

  // WebAssembly modules.
  wasm_page_bytes: 64 * KIB,
  module_bytes: 10 * MIB,
  /** After metering: a module of nothing but branches grows most. */
  metered_module_bytes: 40 * MIB,
  /** After metering: V8's optimizing compiler can abort the process on a huge function. */
  function_body_bytes: 192 * KIB,
  functions: 20_000,
  locals_per_function: 1_000,
  globals: 1_000,
  tables: 1,
  table_elements: 10_000,
  br_table_targets: 4_096,
  parameters: 64,
  results: 64,
  types: 10_000,
  imports: 1_000,
  exports: 20_000,
  data_segments: 100_000,
  element_segments: 10_000,
  /** In all segments together: those of a table are written at each start of an instance. */
  segment_elements: 100_000,
  /** Blocks, loops and ifs inside one another in a function; a large switch nests a block for each case. */
  block_depth: 5_000,
  /** What the engine's compilers set aside; `CompilerLoad` says how it is counted. */
  merged_values_per_function: 150_000,
  merged_values_per_module: 4_000_000,
  kept_values_per_function: 8_000_000,
  kept_values_per_module: 256_000_000,
  loop_bytes_per_function: 32 * MIB,
  loop_bytes_per_module: 1024 * MIB,
  built_values_per_function: 150_000,

  // Clients.
  request_body_bytes: 16 * MIB,
  /** Received of requests that are not complete yet: of all together over HTTP, and over gRPC, … */
  held_request_bytes: 256 * MIB,
  /** … of one caller over HTTP, or one connection over gRPC, … */
  held_request_bytes_per_caller: 64 * MIB,
  /** … and how long a message over gRPC may take from its first byte. HTTP wants 16 KiB a second. */
  grpc_message_ms: 120_000,
  grpc_concurrent_streams: 1_000,
  grpc_keepalive_ms: 60_000,
  grpc_keepalive_timeout_ms: 20_000,
  /** How long calls may take to end when the server stops and they have been answered. */
  grpc_drain_ms: 2_000,
  websocket_frame_bytes: 16 * MIB,
  websocket_backpressure_bytes: 4 * MIB,
  /** A connection from which nothing has come for so long, not even the answer to a ping, is ended. */
  websocket_idle_s: 120,
  subscriptions_per_connection: 1_000,
  /** Names in the filters of all subscriptions of one connection. */
  subscription_names_per_connection: 1_000,
  /** Events kept for `resume_from`, twice: those that may come with every message apart. */
  event_log_events: 10_000,
  event_log_bytes: 8 * MIB,
  /** Messages kept for `resume_from`, in memory that is taken while somebody subscribes to any. */
  message_log_messages: 20_000,
  message_log_bytes: 16 * MIB,
  /** How long messages and frequent events are kept on when the last who wanted them is gone. */
  event_linger_ms: 120_000,
  /** Messages of the history that a `resume_from` may have to look through. */
  resume_messages: 100_000,
  /** Messages still unanswered on one gRPC Converse call until no more are read from it. */
  converse_pending: 1_000,
  /** Errors that the answer to a gRPC SendMessages tells one by one; the rest is counted. */
  stream_errors: 100,
  alert_sample_ms: 1_000,
  /** Alerts of one kind about single agents in one sample; the others follow in the next. */
  alerts_per_sample: 20,
  /** A condition has ended when its figure is below this part of its threshold. */
  alert_end_percent: 90,
  /** How long the command line waits for a connection to the server. */
  client_connect_ms: 10_000,
  /** How long the completion of a shell waits for the names of agents. */
  completion_wait_ms: 500,
  /** How often `caxton dev watch` looks at its file. */
  watch_poll_ms: 50,
  /** A file that has been the same for so long is taken to be written completely, */
  watch_settle_ms: 150,
  /** and one that is no valid module only after so long: most likely a part of one. */
  watch_incomplete_ms: 1_000,
  /** How often it asks for new lines of the agent's log: well within the rate limits. */
  watch_logs_ms: 2_000,
  /** How often it tries again when no server answers. */
  watch_retry_ms: 1_000,
  /** Most between two looks at a hot reload. */
  watch_reload_ms: 1_000,
  /** How long `caxton bench`, when it is stopped, waits for what is under way. */
  bench_stop_ms: 1_000,
  bench_threads: 64,
  /** Of all threads together. */
  bench_connections: 10_000,
  /** On one connection. */
  bench_in_flight: 10_000,
  bench_rate_per_second: 10_000_000,
  bench_duration_max_ms: 24 * 3600 * 1000,
  bench_echo_agents: 100,
  /** How long it waits for the agents that it deployed to handle what they have, before it removes them. */
  bench_drain_ms: 5_000,
  /** Most that a rate (calls in its second or minute) or a burst may be configured to. */
  rate_limit_calls_max: 1_000_000,
  /** Client addresses whose rates are known where no tokens are configured. */
  rate_limited_addresses: 10_000,
  /** Results kept under idempotency keys, of operations other than sends. */
  idempotency_results: 10_000,
  idempotency_results_bytes: 16 * MIB,
  /** Audit lines that wait for a slow or full disk. */
  audit_buffer_bytes: 4 * MIB,
  /** Callers whose repeated refusals are counted apart in the audit log. */
  audit_repeats: 1_000,
  /** Over so long a time repeated refusals are counted into one line. */
  audit_repeats_ms: 1_000,
  page_default: 50,
  page_max: 500,
  /** A page of the history, or of dead letters, ends with the message that passes this. */
  page_bytes: 4 * MIB,
  logs_page_max: 1_000,

  // Tasks.
  /** Tasks known, those that ended included; the first that ended are forgotten first. */
  tasks: 10_000,
  /** Everything that is kept of all tasks together. */
  tasks_bytes: 256 * MIB,
  task_name_bytes: 256,
  task_description_bytes: 4 * KIB,
  task_data_bytes: 256 * KIB,
  task_participants: 1_000,
  /** All calls for proposals of one distribution together, which go out at once. */
  task_calls_bytes: 16 * MIB,
  /** A longer result is read from the history. */
  task_result_bytes: 16 * KIB,
  task_reason_bytes: 512,
  task_subtasks: 256,
  task_bid_wait_default_s: 30,
  task_bid_wait_max_s: 600,
  task_timeout_default_s: 300,
  task_timeout_max_s: 7 * 24 * 3600,
  /** Participants whose results are remembered. */
  task_records: 100_000,

  // Store.
  store_ring_bytes: 32 * MIB,
  /** Small records that wait on the main thread while the store's ring is full. */
  store_overflow_bytes: 64 * MIB,
  /** How long a start looks for damages of the store's file; what is left then is not looked at. */
  store_check_ms: 2_000,
  /** Longest pause between two attempts to write what the disk refused. */
  store_retry_max_ms: 5_000,
  /** Room that the store's file is given beyond what its next transaction may need. */
  store_room_bytes: 1 * MIB,
  /** Pages that may be new for each byte of records, their copies and their index together. */
  store_room_factor: 4,
  dead_letters: 100_000,
  /** Starts in which a message is delivered again that was not handled before the server ended. */
  pending_starts: 3,
  history_messages: 10_000_000,
  history_age_ms: 7 * 24 * 3600 * 1000,

  // Deployments.
  deployment_stages: 20,
  /** Longest stage, and longest time for which an old version is kept. */
  stage_duration_max_ms: 7 * 24 * 3600 * 1000,
  /** How long blue_green keeps the old version for an instant rollback, unless told otherwise. */
  cleanup_delay_ms: 300_000,
  /** How long a hot reload lets both versions run beside each other, unless told otherwise. */
  reload_trial_ms: 60_000,
  /** How long rolling watches a batch at most before the next one. */
  batch_watch_ms: 10_000,
  /** How often the figures of a new version are looked at. */
  deployment_check_ms: 1_000,
  /** Messages that a new version must have seen before its errors or latency count. */
  error_threshold_messages: 20,
  deployments_running: 1_000,
  /** Ended ones that stay on record; the oldest goes first. */
  deployments_kept: 10_000,
  deployment_reason_characters: 1_000,

  // Figures.
  /** What is kept of all agents' last day together; those idle for longest are forgotten first. */
  agent_figures_bytes: 256 * MIB,
  /**
   * Agents whose latencies are recorded at the same time, 7 KB each; where more are busy within one
   * second, the latencies of the others are not among the percentiles of that second.
   */
  latency_recorders: 4_096,
  /** Kinds of errors counted for one agent; the one that was not seen for longest is forgotten. */
  error_kinds_per_agent: 20,
  error_kind_characters: 256,
});

export type LimitName = keyof typeof LIMITS;

/** The largest binary message: envelope and content. */
export function frameBytesMax(contentBytes: number): number {
  return LIMITS.envelope_bytes + contentBytes;
}

/** States the relations between bounds. Called once at start with the configured values. */
export function assertLimitRelations(
  contentBytes: number = LIMITS.content_bytes,
  ringBytes: number = LIMITS.ring_bytes,
): void {
  assert(contentBytes <= LIMITS.content_bytes_max, 'content_bytes exceeds content_bytes_max');
  assert(
    frameBytesMax(contentBytes) * 2 < ringBytes,
    'a ring must hold two of the largest messages: raise ring_bytes or lower content_bytes',
  );
  assert(
    LIMITS.effects_bytes + LIMITS.log_bytes_per_message < ringBytes / 2,
    'one message’s effects must fit half a ring, so that they can be published at once',
  );
  assert(
    LIMITS.message_pack_depth > LIMITS.content_depth + 3,
    'an array of frames of messages must hold the deepest content',
  );
  assert(
    LIMITS.message_pack_values > LIMITS.content_bytes_max / 2 + LIMITS.envelope_bytes,
    'the largest content, a value in every other byte of its JSON, must be readable',
  );
  assert(
    frameBytesMax(LIMITS.content_bytes_max) <= LIMITS.message_log_bytes,
    'the log of messages must hold the largest',
  );
  assert(LIMITS.memory_default_bytes <= LIMITS.memory_max_bytes, 'default memory above its limit');
  assert(LIMITS.memory_max_bytes % LIMITS.wasm_page_bytes === 0, 'memory limit not in whole pages');
  assert(
    LIMITS.data_bytes_per_worker <= (LIMITS.worker_heap_mb * MIB) / 2,
    'stored data must leave half of a worker’s heap to everything else',
  );
  assert(LIMITS.fuel_default <= LIMITS.fuel_max, 'default fuel above its limit');
  assert(
    LIMITS.conversation_participants <= LIMITS.tracked_participants,
    'one conversation may have more participants than all together',
  );
  assert(
    LIMITS.held_request_bytes_per_caller >= 2 * LIMITS.request_body_bytes,
    'a caller must be able to send two of the largest requests at once',
  );
  assert(LIMITS.request_body_bytes > LIMITS.module_bytes * (4 / 3), 'no room for a base64 module');
}
