import Type, { type Static } from 'typebox';
import { invalidRequest } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import { encodeContent } from '../fipa/input.js';
import { isGroup } from '../runtime/groups.js';
import type { TaskDefinition } from '../runtime/tasks/task.js';

/** A task as a client describes it. */
export const TaskDefinitionInput = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: LIMITS.task_name_bytes }),
    description: Type.Optional(Type.String({ maxLength: LIMITS.task_description_bytes })),
    data: Type.Optional(Type.Unknown({ description: 'Any JSON value, for the participants' })),
    protocol: Type.Optional(Type.Enum(['contract_net'])),
    participants: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: LIMITS.field_bytes }), {
        minItems: 1,
        maxItems: LIMITS.task_participants,
        description: 'Ids or names of agents, and clients; default: all that have the capabilities',
      }),
    ),
    timeout_seconds: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: LIMITS.task_timeout_max_s,
        default: LIMITS.task_timeout_default_s,
      }),
    ),
    requirements: Type.Optional(
      Type.Object(
        {
          capabilities: Type.Optional(
            Type.Array(Type.String({ minLength: 1, maxLength: LIMITS.field_bytes }), {
              maxItems: LIMITS.capabilities_per_agent,
            }),
          ),
          min_performance_score: Type.Optional(Type.Number({ minimum: 0, maximum: 1, default: 0 })),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);
export type TaskDefinitionInput = Static<typeof TaskDefinitionInput>;

/**
 * Fills in the defaults and checks what the schema can't.
 * @throws CaxtonError INVALID_REQUEST naming the field
 */
export function definitionOf(input: TaskDefinitionInput, createdBy: string): TaskDefinition {
  const { participants, requirements } = input;
  const capabilities = [...new Set(requirements?.capabilities)];
  if (participants === undefined && capabilities.length === 0) {
    throw invalidRequest(
      'participants is missing: name those to whom the task is offered, or requirements.capabilities.',
      'participants',
    );
  }
  for (const name of participants ?? []) checkParticipant(name);
  return {
    name: input.name,
    description: input.description ?? '',
    data: input.data === undefined ? '' : dataText(input.data),
    participants: participants && [...new Set(participants)],
    capabilities,
    minPerformanceScore: requirements?.min_performance_score ?? 0,
    timeoutMs: (input.timeout_seconds ?? LIMITS.task_timeout_default_s) * 1_000,
    createdBy,
  };
}

function checkParticipant(name: string): void {
  if (isGroup(name)) {
    throw invalidRequest(
      `participants: '${name}' is a group; name agents and clients, or leave participants out and give requirements.capabilities.`,
      'participants',
    );
  }
  if (Buffer.byteLength(name, 'utf8') > LIMITS.field_bytes) {
    throw invalidRequest(
      `participants: '${name}' is longer than ${LIMITS.field_bytes} bytes.`,
      'participants',
      { limit_bytes: LIMITS.field_bytes },
    );
  }
}

// In the content of the messages it lies one level deeper.
function dataText(data: unknown): string {
  return encodeContent(data, LIMITS.task_data_bytes, 'data', LIMITS.content_depth - 1);
}
