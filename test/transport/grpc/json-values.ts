/** google.protobuf.Value and .Struct as proto-loader gives and takes them. */
export interface PlainValue {
  readonly nullValue?: 'NULL_VALUE' | 0;
  readonly numberValue?: number;
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly structValue?: PlainStruct;
  readonly listValue?: { readonly values?: readonly PlainValue[] };
}

export interface PlainStruct {
  readonly fields?: Readonly<Record<string, PlainValue>>;
}

export function plainStruct(object: object): PlainStruct {
  return {
    fields: Object.fromEntries(
      Object.entries(object).map(([key, value]) => [key, plainValue(value)]),
    ),
  };
}

export function plainValue(value: unknown): PlainValue {
  if (value === null) return { nullValue: 0 };
  if (typeof value === 'number') return { numberValue: value };
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (Array.isArray(value)) return { listValue: { values: value.map(plainValue) } };
  return { structValue: plainStruct(value as object) };
}

export function ofPlainStruct({ fields = {} }: PlainStruct): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, ofPlainValue(value)]),
  );
}

export function ofPlainValue(value: PlainValue): unknown {
  if (value.structValue !== undefined) return ofPlainStruct(value.structValue);
  if (value.listValue !== undefined) return (value.listValue.values ?? []).map(ofPlainValue);
  return value.numberValue ?? value.stringValue ?? value.boolValue ?? null;
}
