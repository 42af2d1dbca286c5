import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import protobuf from 'protobufjs';
import { packageRoot } from '../../../scripts/package-root.js';
import { allOperations, STREAM_OPERATIONS } from '../../../src/api/operations.js';
import { LIMITS } from '../../../src/base/limits.js';
import { AGENT_STATES } from '../../../src/runtime/types.js';
import { AGENT_STATUS_REMOVED, statusNumber } from '../../../src/transport/grpc/agent-status.js';
import { PACKAGE, parseProtos } from '../../../src/transport/grpc/protos.js';
import { STREAMING_METHODS, UNARY_METHODS } from '../../../src/transport/grpc/services.js';

const root = parseProtos().resolveAll();
const caxton = root.lookup(PACKAGE) as protobuf.Namespace;
const services = caxton.nestedArray.filter((object) => object instanceof protobuf.Service);

/** What of a JSON schema matters here. */
interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

/** Names of a schema's fields, those inside objects and lists as "outer.inner". */
function schemaFields(schema: Schema): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const inner = schemaFields(field.items ?? field);
    return inner.length === 0 ? [name] : inner.map((each) => `${name}.${each}`);
  });
}

/** The same of a message; a FipaMessage or Error counts as one field, as the content of it does. */
function messageFields(type: protobuf.Type): string[] {
  return type.fieldsArray.flatMap((field) => {
    const inner = field.resolvedType;
    const whole = !(inner instanceof protobuf.Type) || inner.fullName.startsWith('.google.');
    if (whole || field.map) return [field.name];
    return messageFields(inner).map((each) => `${field.name}.${each}`);
  });
}

function methodOf(service: string, name: string): protobuf.Method {
  return root.lookupService(`${PACKAGE}.${service}`).methods[name]!;
}

/** Where gRPC differs from REST on purpose: fields that only one of them has. */
const DIFFERENCES: Readonly<Record<string, { readonly rest: string[]; readonly grpc: string[] }>> =
  {
    'ListAgents request': { rest: ['status'], grpc: ['status_filter'] },
    'ListAgents response': {
      rest: [],
      grpc: [
        'agents.resources.limits.memory',
        'agents.resources.limits.cpu',
        'agents.resources.usage.memory',
        'agents.resources.usage.cpu',
        ...messageFields(root.lookupType('caxton.v1.AgentDeployment')).map(
          (name) => `agents.deployment.${name}`,
        ),
        ...messageFields(root.lookupType('caxton.v1.AgentCounters')).map(
          (name) => `agents.metrics.${name}`,
        ),
        'agents.capabilities',
        ...messageFields(root.lookupType('caxton.v1.Error')).map(
          (name) => `agents.failure.${name}`,
        ),
      ],
    },
    'GetAgent response': {
      rest: [],
      grpc: ['resources.memory_used', 'resources.cpu_usage', 'failure.trace_id'],
    },
    'QueryMessages response': { rest: [], grpc: ['messages.content_value'] },
    'GetConversation response': { rest: [], grpc: ['messages.content_value'] },
    'GetMessage response': { rest: [], grpc: ['content_value'] },
    'ListDeadLetters response': {
      rest: [],
      grpc: ['dead_letters.error.trace_id', 'dead_letters.message.content_value'],
    },
    'SendMessage response': {
      rest: schemaFields(sendSchema('output')).filter((name) => name.startsWith('reply.')),
      grpc: [],
    },
    'SendMessageAndWait response': { rest: [], grpc: ['reply.content_value'] },
  };

function sendSchema(side: 'input' | 'output'): Schema {
  return allOperations().find(({ name }) => name === 'messages.send')![side] as Schema;
}

function sameFields(what: string, rest: readonly string[], grpc: readonly string[]): void {
  const known = DIFFERENCES[what] ?? { rest: [], grpc: [] };
  const missing = rest.filter((name) => !grpc.includes(name));
  const additional = grpc.filter((name) => !rest.includes(name));
  assert.deepEqual(missing.sort(), [...known.rest].sort(), `${what}: only in the operation`);
  assert.deepEqual(additional.sort(), [...known.grpc].sort(), `${what}: only in the protos`);
}

const bindings = allOperations().flatMap((operation) =>
  (operation.grpc?.methods ?? []).map((name) => ({
    operation,
    service: operation.grpc!.service,
    name,
  })),
);

const streams = [...allOperations(), ...STREAM_OPERATIONS].flatMap(({ grpc }) =>
  (grpc?.streams ?? []).map(({ name, kind }) => ({ service: grpc!.service, name, kind })),
);

const nameOf = ({ service, name }: { service: string; name: string }) => `${service}/${name}`;

test('every method of the operations table is in the protos, and the other way round', () => {
  const inTable = [...bindings, ...streams].map(nameOf);
  const inProtos = services.flatMap((service) =>
    service.methodsArray.map((method) => `${service.name}/${method.name}`),
  );
  assert.deepEqual(inTable.sort(), inProtos.sort());
});

test('every method of the protos is served, and by many messages on the sides that say so', () => {
  assert.deepEqual(UNARY_METHODS.map(nameOf).sort(), bindings.map(nameOf).sort());
  const kinds = (methods: readonly { service: string; name: string; kind: string }[]) =>
    methods.map((method) => `${nameOf(method)} ${method.kind}`).sort();
  assert.deepEqual(kinds(STREAMING_METHODS), kinds(streams));
  for (const { service, name } of bindings) {
    const { requestStream, responseStream } = methodOf(service, name);
    assert.ok(!requestStream && !responseStream, name);
  }
  for (const { service, name, kind } of streams) {
    const { requestStream, responseStream } = methodOf(service, name);
    assert.equal(requestStream === true, kind !== 'server', name);
    assert.equal(responseStream === true, kind !== 'client', name);
  }
});

test('a subscribe has the fields that the operation takes', () => {
  for (const { grpc, input } of STREAM_OPERATIONS) {
    for (const { name } of grpc.streams ?? []) {
      const fields = messageFields(methodOf(grpc.service, name).resolvedRequestType!);
      sameFields(`${name} request`, schemaFields(input as Schema), fields);
    }
  }
});

test('messages of a stream are sent as single ones are', () => {
  const send = methodOf('MessageService', 'SendMessage');
  assert.equal(methodOf('MessageService', 'SendMessages').requestType, send.requestType);
  const converse = methodOf('MessageService', 'Converse');
  const names = (type: protobuf.Type) =>
    type.fieldsArray.map(({ name, type }) => `${type} ${name}`);
  assert.deepEqual(
    names(converse.resolvedRequestType!).sort(),
    [...names(send.resolvedRequestType!), 'string id', 'bool wait'].sort(),
  );
  const wait = methodOf('MessageService', 'SendMessageAndWait');
  const answers = names(converse.resolvedResponseType!);
  assert.ok(answers.includes(`${send.responseType} ack`));
  assert.ok(answers.includes(`${wait.responseType} reply`));
});

test('responses have the fields that the operations answer with', () => {
  for (const { operation, service, name } of bindings) {
    const grpc = messageFields(methodOf(service, name).resolvedResponseType!);
    sameFields(`${name} response`, schemaFields(operation.output as Schema), grpc);
  }
});

test('requests have the fields that the operations take', () => {
  for (const { operation, service, name } of bindings) {
    // A send has its message and its options apart.
    if (operation.name === 'messages.send') continue;
    const grpc = messageFields(methodOf(service, name).resolvedRequestType!);
    sameFields(`${name} request`, schemaFields(operation.input as Schema), grpc);
  }
});

test('a send has the fields of a message and of its delivery', () => {
  const grpc = messageFields(root.lookupType('caxton.v1.SendMessageRequest'));
  const rest = schemaFields(sendSchema('input')).flatMap((name) => {
    // The method says whether to wait, and options how long.
    if (name === 'wait' || name === 'timeout_ms') return [];
    return name === 'until' || name.startsWith('options.') ? [name] : [`message.${name}`];
  });
  assert.deepEqual(grpc.sort(), [...rest, 'message.content_value'].sort());
});

test('AgentStatus has a value for each state, and one for an agent that was removed', () => {
  const { values } = root.lookupEnum(`${PACKAGE}.AgentStatus`);
  assert.deepEqual(
    { ...values },
    Object.fromEntries([
      ['AGENT_STATUS_UNSPECIFIED', 0],
      ...AGENT_STATES.map((state) => [`AGENT_STATUS_${state.toUpperCase()}`, statusNumber(state)]),
      ['AGENT_STATUS_REMOVED', AGENT_STATUS_REMOVED],
    ]),
  );
});

const protoFolder = join(packageRoot(import.meta.url), 'proto/caxton/v1');
const sources = readdirSync(protoFolder).map((file) =>
  readFileSync(join(protoFolder, file), 'utf8'),
);

test('every field, value and method of the protos has a comment', () => {
  const declarations = sources.flatMap((source) => {
    const lines = source.split('\n').map((line) => line.trim());
    return lines.flatMap((line, i) =>
      / = \d+;$/.test(line) || line.startsWith('rpc ') ? [[line, lines[i - 1]!] as const] : [],
    );
  });
  assert.ok(declarations.length > 100);
  for (const [line, before] of declarations) assert.match(before, /^\/\/ /, line);
});

test('bounds in the comments of the protos are those in force', () => {
  const comments = sources.join('\n').replace(/\n\s*\/\/ /g, ' ');
  for (const bound of [
    `at most ${LIMITS.module_bytes / 2 ** 20} MiB`,
    `at most ${LIMITS.agent_name_bytes} bytes`,
    `at most ${LIMITS.environment_entries} entries, ${LIMITS.environment_bytes / 1024} KiB`,
    `at most ${LIMITS.capabilities_per_agent}.`,
    `1 to ${LIMITS.page_max}; 0 = ${LIMITS.page_default}.`,
    `0 to ${LIMITS.grace_period_max_s}; absent = ${LIMITS.grace_period_default_s}.`,
    `1 to ${LIMITS.logs_page_max}; 0 = 100.`,
    `1 to ${LIMITS.wait_max_ms}; absent = ${LIMITS.wait_default_ms}.`,
    `0 to ${LIMITS.priority_max}; higher is sooner.`,
    `at most ${LIMITS.content_bytes / 2 ** 20} MiB as JSON`,
    `at most ${LIMITS.field_bytes} bytes`,
    `at most ${LIMITS.task_name_bytes} characters`,
    `at most ${LIMITS.task_description_bytes} characters`,
    `at most ${LIMITS.task_data_bytes / 1024} KiB as JSON`,
    `at most ${LIMITS.task_participants}.`,
    `at most ${LIMITS.task_timeout_max_s}; absent = ${LIMITS.task_timeout_default_s}.`,
    `at most ${LIMITS.task_bid_wait_max_s}; absent = ${LIMITS.task_bid_wait_default_s}.`,
    `more than ${LIMITS.task_result_bytes / 1024} KiB`,
    `at most ${LIMITS.task_reason_bytes} characters`,
    `for the first ${LIMITS.stream_errors} that were refused`,
  ]) {
    assert.ok(comments.includes(bound), bound);
  }
});

test('docs/grpc.md lists every service with its methods, and says which of them stream', () => {
  const page = readFileSync(join(packageRoot(import.meta.url), 'docs/grpc.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `caxton\.v1\.(\w+)` \| (.*) \|$/gm)];
  const documented = rows.map(([, name, methods]) => [name, methods!.split(', ').sort()]);
  const declared = services.map(({ name, methods }) => [name, Object.keys(methods).sort()]);
  assert.deepEqual(documented.sort(), declared.sort());
  const streams = STREAMING_METHODS.map(({ name }) => name);
  const listed = /which \[stream\]\(#streams\): (.*)\.$/m.exec(page)?.[1];
  assert.deepEqual(listed?.split(/, | and /).sort(), streams.sort());
});
