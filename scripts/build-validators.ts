import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { _, Ajv2020, type Options } from 'ajv/dist/2020.js';
import standalone from 'ajv/dist/standalone/index.js';
import type { TSchema } from 'typebox';
import { Delivery } from '../src/api/operations/messages.js';
import { allOperations, STREAM_OPERATIONS } from '../src/api/operations.js';
import type { ValidatorGroup } from '../src/base/validators.js';
import { SettingsSchema } from '../src/config/schema.js';
import { MessageInputSchema } from '../src/fipa/message-schema.js';
import { FRAME_SCHEMAS } from '../src/transport/ws/frames.js';
import { BroadcastFilterSchema, SubscriptionFilterSchema } from '../src/worker/filter-schemas.js';
import { packageRoot } from './package-root.js';

/*
 * Makes code of all schemas by which the server checks what it is given, so that it need not load
 * ajv and compile them each time that it starts:
 *
 *   node dist/scripts/build-validators.js
 *
 * The schemas themselves are checked here.
 */

interface Group {
  readonly options: Options;
  readonly schemas: Readonly<Record<string, TSchema>>;
}

const GROUPS: Readonly<Record<ValidatorGroup, Group>> = {
  api: {
    options: { strict: false, verbose: true },
    schemas: {
      delivery: Delivery,
      ...Object.fromEntries(
        [...allOperations(), ...STREAM_OPERATIONS].map(({ name, input }) => [name, input]),
      ),
    },
  },
  config: { options: { allErrors: true, verbose: true }, schemas: { settings: SettingsSchema } },
  fipa: { options: { strict: false }, schemas: { message: MessageInputSchema } },
  frames: { options: { strict: false, verbose: true }, schemas: FRAME_SCHEMAS },
  worker: {
    options: { strict: false },
    schemas: { broadcast: BroadcastFilterSchema, subscription: SubscriptionFilterSchema },
  },
};

function codeOf({ options, schemas }: Group): string {
  const ajv = new Ajv2020({ ...options, code: { source: true } });
  ajv.addVocabulary(['unit']);
  ajv.addFormat('date-time', true);
  ajv.addKeyword({
    keyword: 'x-bytes',
    code: (check) => check.fail(_`!(${check.data} instanceof Uint8Array)`),
    error: { message: 'must be the bytes of a WebAssembly module' },
  });
  for (const [name, schema] of Object.entries(schemas)) ajv.addSchema(schema, name);
  const names = Object.keys(schemas);
  return standalone.default(ajv, Object.fromEntries(names.map((name) => [name, name])));
}

const folder = join(packageRoot(import.meta.url), 'dist/src/validators');
mkdirSync(folder, { recursive: true });
for (const [name, group] of Object.entries(GROUPS)) {
  writeFileSync(join(folder, `${name}.cjs`), codeOf(group));
}
