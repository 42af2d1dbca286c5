import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/*
 * X.509 certificates made as a test needs them, so that none can expire in the repository.
 * Sources: RFC 5280 (section 4.1) for the form, ITU-T X.690 for its encoding.
 */

const DAY_MS = 24 * 3600 * 1000;

const BOOLEAN = 0x01;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const OBJECT_ID = 0x06;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;
const SEQUENCE = 0x30;
const SET = 0x31;
const VERSION = 0xa0;
const EXTENSIONS = 0xa3;
const DNS_NAME = 0x82;
const IP_ADDRESS = 0x87;

/** Encoded object identifiers. */
const ECDSA_WITH_SHA256 = '2a8648ce3d040302';
const COMMON_NAME = '550403';
const SUBJECT_ALT_NAME = '551d11';
const BASIC_CONSTRAINTS = '551d13';

function tlv(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const short = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : undefined;
  return Buffer.concat([
    Buffer.from([tag, ...(short ?? [0x82, length >> 8, length & 0xff])]),
    content,
  ]);
}

const objectId = (hex: string): Buffer => tlv(OBJECT_ID, Buffer.from(hex, 'hex'));
const algorithm = (): Buffer => tlv(SEQUENCE, objectId(ECDSA_WITH_SHA256));
const bits = (bytes: Uint8Array): Buffer => tlv(BIT_STRING, Buffer.from([0]), bytes);

function nameOf(text: string): Buffer {
  const attribute = tlv(SEQUENCE, objectId(COMMON_NAME), tlv(UTF8_STRING, Buffer.from(text)));
  return tlv(SEQUENCE, tlv(SET, attribute));
}

function utcTime(ms: number): Buffer {
  const text = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '');
  return tlv(UTC_TIME, Buffer.from(text.slice(2)));
}

function extension(id: string, value: Buffer, critical = false): Buffer {
  const flag = critical ? [tlv(BOOLEAN, Buffer.from([0xff]))] : [];
  return tlv(SEQUENCE, objectId(id), ...flag, tlv(OCTET_STRING, value));
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g)!;
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** A certificate and its private key, in PEM. */
export interface Certified {
  readonly cert: string;
  readonly key: string;
}

/** An authority of its own, which signs certificates for this machine's loopback. */
export class CertificateAuthority {
  readonly cert: string;
  readonly #name: string;
  readonly #key: KeyObject;

  constructor(name: string) {
    this.#name = name;
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#key = privateKey;
    const isAuthority = tlv(SEQUENCE, tlv(BOOLEAN, Buffer.from([0xff])));
    this.cert = this.#certify(name, publicKey, DAY_MS, [
      extension(BASIC_CONSTRAINTS, isAuthority, true),
    ]);
  }

  /** @param validForMs from now; negative = it has ended */
  issue(name: string, validForMs = DAY_MS): Certified {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const names = tlv(
      SEQUENCE,
      tlv(DNS_NAME, Buffer.from('localhost')),
      tlv(IP_ADDRESS, Buffer.from([127, 0, 0, 1])),
    );
    return {
      cert: this.#certify(name, publicKey, validForMs, [extension(SUBJECT_ALT_NAME, names)]),
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    };
  }

  #certify(subject: string, key: KeyObject, validForMs: number, extensions: Buffer[]): string {
    const nowMs = Date.now();
    const serial = randomBytes(8);
    serial[0] = 0x01;
    const content = tlv(
      SEQUENCE,
      tlv(VERSION, tlv(INTEGER, Buffer.from([2]))),
      tlv(INTEGER, serial),
      algorithm(),
      nameOf(this.#name),
      tlv(SEQUENCE, utcTime(nowMs - 2 * DAY_MS), utcTime(nowMs + validForMs)),
      nameOf(subject),
      key.export({ type: 'spki', format: 'der' }),
      tlv(EXTENSIONS, tlv(SEQUENCE, ...extensions)),
    );
    const signature = sign('sha256', content, this.#key);
    return pem(tlv(SEQUENCE, content, algorithm(), bits(signature)));
  }
}
