/** The message of the API reference, as one line: 177 bytes. */
export const SAMPLE_BODY = JSON.stringify({
  performative: 'request',
  sender: 'client_001',
  receiver: 'agent_123',
  content: { action: 'process', data: { key: 'value' } },
  conversation_id: 'conv_789',
  reply_with: 'msg_001',
});

export const SAMPLE_BYTES = SAMPLE_BODY.length;

type Fields = Readonly<Record<string, unknown>>;

/**
 * The message to another receiver, with other fields where any are given. A name of nine characters
 * leaves its size as it is.
 */
export function sampleMessage(receiver: string, fields: Fields = {}): Fields {
  return { ...(JSON.parse(SAMPLE_BODY) as Fields), receiver, ...fields };
}

/**
 * The message as callers who wait send it, in as many bytes: the server gives each a conversation
 * and a `reply_with` of its own, as an answer to one must not be taken for that to another.
 */
export function askingMessage(receiver: string): Fields {
  return padded(receiver, { conversation_id: undefined, reply_with: undefined });
}

/** The message as an agent sends it, in as many bytes: its sender is the server's to set. */
export function bouncedMessage(receiver: string): Fields {
  const performative = 'inform';
  const none = undefined;
  return padded(receiver, { performative, sender: none, conversation_id: none, reply_with: none });
}

/** The message with other fields, its content longer by what they are shorter. */
function padded(receiver: string, fields: Fields): Fields {
  const missing =
    JSON.stringify(sampleMessage(receiver)).length -
    JSON.stringify(sampleMessage(receiver, fields)).length;
  const content = { action: 'process', data: { key: `value${'.'.repeat(missing)}` } };
  return sampleMessage(receiver, { ...fields, content });
}

/** A message whose content is so many bytes of JSON. */
export function messageOfContent(receiver: string, contentBytes: number): Fields {
  const empty = { action: 'process', data: '' };
  const data = 'x'.repeat(Math.max(0, contentBytes - JSON.stringify(empty).length));
  return sampleMessage(receiver, { content: { ...empty, data } });
}
