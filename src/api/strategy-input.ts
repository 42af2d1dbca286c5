import Type, { type Static } from 'typebox';
import { LIMITS } from '../base/limits.js';
import { DEPLOYMENT_STRATEGIES } from '../runtime/deploy/plan.js';

const Duration = Type.Union([Type.String({ maxLength: 32 }), Type.Integer({ minimum: 0 })], {
  description: 'A number with ms, s, m, h or d: "5m"; "0" = none',
});

/** When a deployment or a hot reload goes back by itself. */
export const RollbackFields = {
  rollback_on_error: Type.Optional(Type.Boolean({ default: true })),
  error_threshold: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 1,
      default: 0.05,
      description: 'Share of the new version’s messages that may fail',
    }),
  ),
  latency_threshold_ms: Type.Optional(
    Type.Number({
      exclusiveMinimum: 0,
      description: 'Largest 99th percentile of the new version’s latency',
    }),
  ),
};

/** `strategy` of a deployment, as users write it. */
export const DeploymentStrategyInput = Type.Object(
  {
    type: Type.Enum([...DEPLOYMENT_STRATEGIES], {
      description:
        'How to go about it; immediate goes back when a start fails, but not on errors: there is no old version left',
    }),
    stages: Type.Optional(
      Type.Array(
        Type.Object(
          {
            percentage: Type.Integer({ minimum: 1, maximum: 100 }),
            duration: Duration,
          },
          { additionalProperties: false },
        ),
        {
          minItems: 1,
          maxItems: LIMITS.deployment_stages,
          description: 'For canary: shares that grow to 100, and how long each stays',
        },
      ),
    ),
    batch_size: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 2 ** 31 - 1,
        default: 1,
        description: 'For rolling: instances replaced at a time',
      }),
    ),
    cleanup_delay: Type.Optional(Duration),
    ...RollbackFields,
  },
  { additionalProperties: false },
);
export type DeploymentStrategyInput = Static<typeof DeploymentStrategyInput>;

/** Of a hot reload's `config`: how to go about it. */
export const ReloadFields = {
  traffic_split: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 100,
      description: 'Share of new conversations with which the new version begins, percent',
    }),
  ),
  trial: Type.Optional(Duration),
  ...RollbackFields,
};
