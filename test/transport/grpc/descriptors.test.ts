import assert from 'node:assert/strict';
import { test } from 'node:test';
import descriptor, {
  type IDescriptorProto,
  type IFieldDescriptorProto,
  type IFileDescriptorProto,
} from 'protobufjs/ext/descriptor.js';
import { fileDescriptors } from '../../../src/transport/grpc/descriptors.js';

/** What strict readers of descriptors (Go, C++) check and protobufjs doesn't. */

const files: readonly IFileDescriptorProto[] = fileDescriptors().map(
  (bytes) =>
    descriptor.FileDescriptorProto.toObject(
      descriptor.FileDescriptorProto.decode(bytes),
    ) as IFileDescriptorProto,
);
const byName = new Map(files.map((file) => [file.name!, file]));

interface Declared {
  readonly name: string;
  readonly type: IDescriptorProto;
}

function messagesOf(file: IFileDescriptorProto): Declared[] {
  const within = (scope: string, types: readonly IDescriptorProto[]): Declared[] =>
    types.flatMap((type) => {
      const name = `${scope}.${type.name}`;
      return [{ name, type }, ...within(name, type.nestedType ?? [])];
    });
  return within(`.${file.package}`, file.messageType ?? []);
}

function symbolsOf(file: IFileDescriptorProto): string[] {
  const messages = messagesOf(file);
  const nested = messages.flatMap(({ name, type }) =>
    (type.enumType ?? []).map((inner) => `${name}.${inner.name}`),
  );
  const enums = (file.enumType ?? []).map((type) => `.${file.package}.${type.name}`);
  return [...messages.map(({ name }) => name), ...enums, ...nested];
}

function fieldsOf(file: IFileDescriptorProto): Array<[Declared, IFieldDescriptorProto]> {
  return messagesOf(file).flatMap((message) =>
    (message.type.field ?? []).map((field): [Declared, IFieldDescriptorProto] => [message, field]),
  );
}

test('each file stands under the name it is imported by', () => {
  assert.deepEqual([...byName.keys()].sort(), [
    'caxton/v1/agent.proto',
    'caxton/v1/deployment.proto',
    'caxton/v1/error.proto',
    'caxton/v1/event.proto',
    'caxton/v1/message.proto',
    'caxton/v1/metrics.proto',
    'caxton/v1/task.proto',
    'google/protobuf/struct.proto',
    'google/protobuf/timestamp.proto',
    'grpc/health/v1/health.proto',
  ]);
});

test('every type a file uses is declared in it or in a file it depends on', () => {
  for (const file of files) {
    const dependencies = (file.dependency ?? []).map((name: string) => byName.get(name)!);
    const known = new Set([file, ...dependencies].flatMap(symbolsOf));
    for (const [message, { name, typeName }] of fieldsOf(file)) {
      if (typeName) assert.ok(known.has(typeName), `${message.name}.${name}: ${typeName}`);
    }
    for (const method of (file.service ?? []).flatMap((service) => service.method ?? [])) {
      assert.ok(known.has(method.inputType!), method.inputType);
      assert.ok(known.has(method.outputType!), method.outputType);
    }
  }
});

test('dependencies are those the files import, and make no circle', () => {
  assert.deepEqual([...(byName.get('caxton/v1/message.proto')!.dependency ?? [])].sort(), [
    'caxton/v1/error.proto',
    'google/protobuf/struct.proto',
    'google/protobuf/timestamp.proto',
  ]);
  assert.deepEqual(byName.get('google/protobuf/struct.proto')!.dependency ?? [], []);
});

test('map entries are named as protoc names them', () => {
  for (const [message, field] of files.flatMap(fieldsOf)) {
    const entry = (message.type.nestedType ?? []).find(
      (type) => field.typeName === `${message.name}.${type.name}`,
    );
    if (entry?.options?.mapEntry !== true) continue;
    const camel = field.name!.replace(/(^|_)([a-z])/g, (_, __, letter) => letter.toUpperCase());
    assert.equal(entry.name, `${camel}Entry`);
  }
  const names = files.flatMap(messagesOf).map(({ name }) => name);
  assert.ok(names.includes('.caxton.v1.AgentConfig.EnvironmentEntry'));
  assert.ok(names.includes('.google.protobuf.Struct.FieldsEntry'));
});

test('an optional field of proto3 is alone in a oneof that stands behind the real ones', () => {
  const stop = messagesOf(byName.get('caxton/v1/agent.proto')!).find(
    ({ name }) => name === '.caxton.v1.StopAgentRequest',
  )!;
  const optional = (stop.type.field ?? []).filter((field) => field.proto3Optional);
  assert.deepEqual(
    optional.map((field) => [field.name, stop.type.oneofDecl![field.oneofIndex!]!.name]),
    [
      ['grace_period_seconds', '_grace_period_seconds'],
      ['drain_messages', '_drain_messages'],
    ],
  );
});

test('the well-known types have the names of their own files', () => {
  const value = messagesOf(byName.get('google/protobuf/struct.proto')!).find(
    ({ name }) => name === '.google.protobuf.Value',
  )!;
  assert.deepEqual(
    (value.type.field ?? []).map((field) => `${field.name} = ${field.number}`),
    [
      'null_value = 1',
      'number_value = 2',
      'string_value = 3',
      'bool_value = 4',
      'struct_value = 5',
      'list_value = 6',
    ],
  );
});
