import { loadPackageDefinition, type ServiceClientConstructor } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { packageFile } from '../../src/base/package-file.js';

/** `caxton.v1.MessageService`, as users of grpc-js load it. */
export function loadMessageService(): ServiceClientConstructor {
  const definition = loadSync('caxton/v1/message.proto', {
    includeDirs: [packageFile('proto')],
    keepCase: true,
    longs: Number,
    enums: String,
  });
  const loaded = loadPackageDefinition(definition) as unknown as {
    caxton: { v1: { MessageService: ServiceClientConstructor } };
  };
  return loaded.caxton.v1.MessageService;
}

/** A JSON value as `google.protobuf.Value`. */
function toValue(value: unknown): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'number') return { numberValue: value };
  return { structValue: toStruct(value as object) };
}

function toStruct(object: object): object {
  const fields = Object.entries(object).map(([name, value]) => [name, toValue(value)]);
  return { fields: Object.fromEntries(fields) };
}

/** A request of SendMessage or Converse with the message, in protobuf. */
export function encodeRequest(method: 'SendMessage' | 'Converse', message: object): Buffer {
  const { content, ...rest } = message as { content: object };
  const request = { message: { ...rest, content: toStruct(content) } };
  const methodOf = loadMessageService().service[method];
  if (methodOf === undefined) throw new Error(`the protos have no ${method}`);
  return methodOf.requestSerialize(request);
}
