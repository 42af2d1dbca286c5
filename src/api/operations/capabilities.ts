import Type, { type Static } from 'typebox';
import { LIMITS } from '../../base/limits.js';
import { AgentScope } from '../agent-scope.js';
import { defineOperation } from '../operation.js';
import { AgentStatus, Offset, PageLimit } from '../schemas.js';

const ListInput = Type.Object(
  { limit: PageLimit, offset: Offset },
  { additionalProperties: false },
);

const ListOutput = Type.Object({
  capabilities: Type.Array(
    Type.Object({
      name: Type.String(),
      versions: Type.Array(Type.String()),
      provider_count: Type.Integer(),
      providers: Type.Array(
        Type.Object({ agent_id: Type.String(), name: Type.String(), status: AgentStatus }),
        { description: `The first ${LIMITS.capability_providers_shown}` },
      ),
    }),
  ),
  total: Type.Integer(),
  next_offset: Type.Optional(Type.Integer()),
});

export const listCapabilities = defineOperation({
  name: 'capabilities.list',
  summary: 'Lists what agents offer, with versions and providers',
  role: 'viewer',
  rateClass: 'system',
  rest: {
    method: 'GET',
    path: '/api/v1/capabilities',
    status: 200,
    query: ['limit', 'offset'],
  },
  grpc: { service: 'AgentService', methods: ['ListCapabilities'] },
  input: ListInput,
  output: ListOutput,
  run: (runtime, input: Static<typeof ListInput>, { principal }) => {
    const offset = input.offset ?? 0;
    const limit = input.limit ?? LIMITS.page_default;
    const scope = AgentScope.of(principal, runtime);
    const page = runtime.capabilities(offset, limit, scope && ((id) => scope.allows(id)));
    const next = offset + page.capabilities.length;
    return {
      capabilities: page.capabilities.map((capability) => ({
        name: capability.name,
        versions: [...capability.versions],
        provider_count: capability.providerCount,
        providers: capability.providers.map(({ agentId, name, state }) => ({
          agent_id: agentId,
          name,
          status: state,
        })),
      })),
      total: page.total,
      ...(next < page.total ? { next_offset: next } : {}),
    };
  },
});
