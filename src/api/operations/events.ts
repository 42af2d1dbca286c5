import Type, { type Static } from 'typebox';
import { CaxtonError, invalidRequest } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import { normalizePerformative, type Performative } from '../../fipa/performative.js';
import type { EventSink, EventStream } from '../../runtime/event-streams.js';
import { checkEventPatterns } from '../../runtime/event-types.js';
import type { Runtime } from '../../runtime/runtime.js';
import type { MessageFilter } from '../../runtime/selection.js';
import type { AgentScope } from '../agent-scope.js';
import type { StreamOperation } from '../operation.js';

const name = Type.String({ minLength: 1, maxLength: LIMITS.field_bytes });
const names = Type.Array(name, { maxItems: LIMITS.subscription_names_per_connection });
const strict = { additionalProperties: false };

export const SubscribeInput = Type.Object(
  {
    filter: Type.Optional(
      Type.Object(
        {
          agents: Type.Optional(names),
          performatives: Type.Optional(Type.Array(name, { maxItems: 64 })),
          conversation_id: Type.Optional(name),
        },
        strict,
      ),
    ),
    events: Type.Optional(Type.Array(Type.String({ maxLength: 128 }), { maxItems: 64 })),
    filters: Type.Optional(Type.Object({ agent_ids: Type.Optional(names) }, strict)),
    client_id: Type.Optional(name),
    on_overflow: Type.Optional(Type.Enum(['drop', 'close'])),
    resume_from: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
  },
  strict,
);
export type SubscribeInput = Static<typeof SubscribeInput>;

export const subscribeEvents: StreamOperation = Object.freeze({
  name: 'events.subscribe',
  summary: 'Streams events and messages as they come, or from where a client left off',
  // Whoever listens is a receiver: the names that it claims can be sent to.
  role: 'sender',
  // A client may subscribe to many things at once.
  rateClass: 'messages',
  grpc: {
    service: 'EventService',
    methods: [],
    streams: [{ name: 'Subscribe', kind: 'server' }],
  },
  input: SubscribeInput,
} as const);

/**
 * Opens a stream. The names that the client claims with it are its own until the stream is
 * cancelled. Nothing is delivered before `start`.
 * @param scope what the caller may read about; undefined = everything
 * @throws CaxtonError INVALID_REQUEST, FORBIDDEN, UNAVAILABLE
 */
export function openStream(
  runtime: Runtime,
  input: SubscribeInput,
  sink: EventSink,
  scope: AgentScope | undefined,
): EventStream | Promise<EventStream> {
  checkAsksForSomething(input);
  checkEventPatterns(input.events ?? []);
  checkScope(runtime, input, scope);
  const filter = filterOf(input);
  const claimed = namesToClaim(runtime, input);
  const request = {
    ...(input.events && { events: input.events }),
    ...(input.filters?.agent_ids && { agentIds: input.filters.agent_ids }),
    ...(filter && { filter }),
    ...(scope && { allows: (agent: string) => scope.allows(agent) }),
    resumeFrom: input.resume_from,
  };
  for (const client of claimed) runtime.clients.claim(client);
  const release = (): void => {
    for (const client of claimed) runtime.clients.release(client);
  };
  const ended = (): void => {
    release();
    // Messages to it are still taken: its client is away, and finds them in the history.
    if (input.client_id !== undefined) runtime.clients.see(input.client_id);
  };
  try {
    const stream = runtime.eventStreams.open(request, sink);
    if (!(stream instanceof Promise)) return releasing(stream, ended);
    return stream.then(
      (opened) => releasing(opened, ended),
      (error: unknown) => {
        release();
        throw error;
      },
    );
  } catch (error) {
    release();
    throw error;
  }
}

/** How many agents and clients a subscription names. */
export function namesIn(input: SubscribeInput): number {
  return (
    (input.filter?.agents?.length ?? 0) +
    (input.filters?.agent_ids?.length ?? 0) +
    (input.client_id === undefined ? 0 : 1)
  );
}

/** What the answer to a subscribe says. */
export function subscribedFields({ id, sequence, resumption }: EventStream) {
  return {
    subscription_id: id,
    seq: sequence,
    ...(resumption && {
      resumed: resumption.resumed,
      missed: resumption.missed,
      may_repeat: resumption.mayRepeat,
    }),
  };
}

function releasing(stream: EventStream, release: () => void): EventStream {
  let released = false;
  return {
    id: stream.id,
    sequence: stream.sequence,
    resumption: stream.resumption,
    start: () => stream.start(),
    cancel: () => {
      stream.cancel();
      if (released) return;
      released = true;
      release();
    },
  };
}

/** A client's id without a filter asks for the messages to that client. */
function filterOf({ filter, client_id: clientId }: SubscribeInput): MessageFilter | undefined {
  if (filter === undefined) return clientId === undefined ? undefined : { receivers: [clientId] };
  return {
    ...(filter.agents && { agents: filter.agents }),
    ...(filter.performatives && { performatives: readPerformatives(filter.performatives) }),
    ...(filter.conversation_id !== undefined && { conversationId: filter.conversation_id }),
  };
}

// A name that is no agent's becomes a receiver that messages can be sent to.
function namesToClaim(runtime: Runtime, input: SubscribeInput): readonly string[] {
  const { client_id: clientId } = input;
  if (clientId !== undefined) checkClientId(runtime, clientId);
  const named = [...(clientId === undefined ? [] : [clientId]), ...(input.filter?.agents ?? [])];
  return [...new Set(named)].filter(
    (client) => !isGroup(client) && runtime.agents.find(client) === undefined,
  );
}

function checkClientId(runtime: Runtime, clientId: string): void {
  if (isGroup(clientId)) {
    throw invalidRequest(
      `client_id '${clientId}' can't begin with capability: or broadcast:, which name groups of agents.`,
      'client_id',
    );
  }
  if (runtime.agents.find(clientId) !== undefined) {
    throw new CaxtonError(
      'FORBIDDEN',
      `client_id '${clientId}' is a deployed agent; choose another name.`,
      { field: 'client_id' },
    );
  }
  if (runtime.inboxes.has(clientId)) {
    throw new CaxtonError(
      'FORBIDDEN',
      `client_id '${clientId}' is a task's, which is the server's own; choose another name.`,
      { field: 'client_id' },
    );
  }
}

// Without this an agent that the token may not read about would only stay silent.
function checkScope(
  runtime: Runtime,
  { filter, filters }: SubscribeInput,
  scope: AgentScope | undefined,
): void {
  if (scope === undefined) return;
  for (const agent of [...(filter?.agents ?? []), ...(filters?.agent_ids ?? [])]) {
    if (runtime.agents.identify(agent) !== undefined) scope.check(agent);
  }
}

function isGroup(text: string): boolean {
  return text.startsWith('capability:') || text.startsWith('broadcast:');
}

function checkAsksForSomething(input: SubscribeInput): void {
  const { filter, events, filters, client_id: clientId } = input;
  if (filter === undefined && clientId === undefined && (events ?? []).length === 0) {
    throw invalidRequest(
      'subscribe needs filter (messages), events (event types) or client_id (messages to you).',
      'filter',
    );
  }
  if (filters !== undefined && events === undefined) {
    throw invalidRequest(
      'filters restricts events, and there are none; for messages use filter.agents.',
      'filters',
    );
  }
}

function readPerformatives(texts: readonly string[]): Performative[] {
  return texts.map((text) => {
    const performative = normalizePerformative(text);
    if (performative !== undefined) return performative;
    throw invalidRequest(
      `filter.performatives: '${text}' is not a FIPA act.`,
      'filter.performatives',
    );
  });
}
