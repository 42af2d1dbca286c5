import protobuf from 'protobufjs';
import type {
  FileDescriptorProto,
  IDescriptorProto,
  IFileDescriptorProto,
} from 'protobufjs/ext/descriptor.js';
import { lazyPackage } from '../../base/lazy-package.js';
import { GOOGLE_FOLDER, importName, parseProtos } from './protos.js';

const healthPackage = lazyPackage<typeof import('grpc-health-check')>('grpc-health-check');
// It adds `toDescriptor` to what protobufjs reads.
const descriptorPackage = lazyPackage<{ readonly FileDescriptorProto: typeof FileDescriptorProto }>(
  'protobufjs/ext/descriptor.js',
);

/**
 * Descriptors of the `.proto` files as protoc would make them, for reflection: one for each file,
 * under the name it is imported by, with its dependencies. Those of proto-loader put a whole
 * package into one file and name no dependencies, and grpcurl refuses them.
 *
 * Source: google/protobuf/descriptor.proto
 */
export function fileDescriptors(): readonly Buffer[] {
  const { FileDescriptorProto } = descriptorPackage();
  const root = parseProtos([healthPackage().protoPath]).resolveAll();
  const files = new Map<string, FileParts>();
  collect(root, files);
  return [...files].map(([name, parts]) => {
    const file = FileDescriptorProto.create(describe(name, parts));
    return Buffer.from(FileDescriptorProto.encode(file).finish());
  });
}

type Declared = protobuf.Type | protobuf.Enum | protobuf.Service;

interface FileParts {
  readonly declared: Declared[];
  readonly dependencies: Set<string>;
}

function collect(namespace: protobuf.NamespaceBase, files: Map<string, FileParts>): void {
  for (const object of namespace.nestedArray) {
    if (isDeclared(object)) {
      const name = fileOf(object);
      const parts = files.get(name) ?? { declared: [], dependencies: new Set() };
      parts.declared.push(object);
      for (const used of typesUsedBy(object)) {
        const dependency = fileOf(topLevel(used));
        if (dependency !== name) parts.dependencies.add(dependency);
      }
      files.set(name, parts);
    } else if (object instanceof protobuf.Namespace) {
      collect(object, files);
    }
  }
}

function isDeclared(object: protobuf.ReflectionObject): object is Declared {
  return (
    object instanceof protobuf.Type ||
    object instanceof protobuf.Enum ||
    object instanceof protobuf.Service
  );
}

function fileOf(object: protobuf.ReflectionObject): string {
  if (object.filename === healthPackage().protoPath) return 'grpc/health/v1/health.proto';
  if (object.filename !== null) return importName(object.filename);
  // The well-known types are bundled with protobufjs and carry no file name.
  for (const name of ['struct', 'timestamp']) {
    const file = `${GOOGLE_FOLDER}${name}.proto`;
    const bundled = protobuf.common.get(file)!.nested!.google as protobuf.INamespace;
    const types = (bundled.nested!.protobuf as protobuf.INamespace).nested!;
    if (Object.hasOwn(types, object.name)) return file;
  }
  throw new Error(`${object.fullName} is declared in no known file`);
}

function topLevel(object: protobuf.ReflectionObject): protobuf.ReflectionObject {
  return isDeclared(object.parent!) ? topLevel(object.parent) : object;
}

function typesUsedBy(object: Declared): protobuf.ReflectionObject[] {
  if (object instanceof protobuf.Enum) return [];
  if (object instanceof protobuf.Service) {
    return object.methodsArray.flatMap((m) => [m.resolvedRequestType!, m.resolvedResponseType!]);
  }
  const nested = object.nestedArray.filter(isDeclared).flatMap(typesUsedBy);
  return [...object.fieldsArray.flatMap((field) => field.resolvedType ?? []), ...nested];
}

function describe(name: string, { declared, dependencies }: FileParts): IFileDescriptorProto {
  const types = declared.filter((object) => object instanceof protobuf.Type);
  const enums = declared.filter((object) => object instanceof protobuf.Enum);
  const services = declared.filter((object) => object instanceof protobuf.Service);
  return {
    name,
    package: declared[0]!.parent!.fullName.slice(1),
    dependency: [...dependencies],
    messageType: types.map(describeType),
    enumType: enums.map((type) => type.toDescriptor()),
    service: services.map((service) => service.toDescriptor()),
    syntax: 'proto3',
  };
}

function describeType(type: protobuf.Type): IDescriptorProto {
  const described: IDescriptorProto = type.toDescriptor('proto3');
  const entries = new Map(
    (described.nestedType ?? [])
      .filter((nested) => nested.options?.mapEntry === true)
      .map((entry) => [entry.name!, entry]),
  );
  for (const field of described.field ?? []) {
    const declared = type.fieldsById[field.number!]!;
    const entry = declared instanceof protobuf.MapField ? entries.get(field.typeName!) : undefined;
    const typed = entry === undefined ? field : entry.field!.find(({ name }) => name === 'value')!;
    if (declared.resolvedType !== null) typed.typeName = declared.resolvedType.fullName;
    if (entry !== undefined) {
      // protoc's name, which strict readers check.
      entry.name = `${entry.name}Entry`;
      field.typeName = `${type.fullName}.${entry.name}`;
    }
    // The bundled well-known types have the names of their JSON form.
    const name = snakeCase(field.name!);
    if (name !== field.name) field.jsonName = field.name!;
    field.name = name;
  }
  return described;
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
