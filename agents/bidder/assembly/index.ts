// A participant of the FIPA contract net (SC00029): bids for what it can do and does what it wins.
//
// Config: capability (default data_processing), speed in units of size per second (10), price per
// unit of size (1), confidence from 0 to 1 (0.9), refuse ("true" turns every call down).

import {
  Slice, beginContent, beginReply, content, decodeString, findField, isAnswer, nextElement, openArray, performative,
  readConfig, readConfigNumber, readMessage, register_capability, replyNotUnderstood, Region, sendReply, value,
  valueIs, valueLength, valueStart, writeBytes, writeDecimal, writeInteger, writeQuoted, writeText, beginText,
  writtenStart, writtenLength,
} from "../../assemblyscript/assembly";

export { caxton_alloc } from "../../assemblyscript/assembly";

const SIZE_DEFAULT: f64 = 100;
/** The most that the work looks at, so that it stays well within a message's fuel. */
const WORK_LARGEST: f64 = 10_000;

const field = changetype<Slice>(memory.data(8, 4));
const requirements = changetype<Slice>(memory.data(8, 4));
const data = changetype<Slice>(memory.data(8, 4));
const capability = changetype<Region>(memory.data(8, 4));
let capabilityLength: usize = 0;
const sieve = changetype<Region>(memory.data(8, 4));
const wanted = changetype<Region>(memory.data(8, 4));

export function agent_init(): i32 {
  beginText();
  if (readConfig("capability") && valueLength() > 0) {
    beginText();
    writeBytes(valueStart(), valueLength());
  } else {
    beginText();
    writeText("data_processing");
  }
  const result = register_capability(writtenStart(), writtenLength());
  if (result < 0 || !capability.ensure(writtenLength())) return 1;
  memory.copy(capability.start, writtenStart(), writtenLength());
  // "name:1.2" is the name with a version: calls for proposals ask for the name.
  while (capabilityLength < writtenLength() && load<u8>(capability.start + capabilityLength) != 0x3a) {
    capabilityLength++;
  }
  return 0;
}

/** Whether a JSON string names this agent's capability. */
function isOwnCapability(name: Slice): bool {
  if (name.length < 2 || load<u8>(name.start) != 0x22 || !wanted.ensure(name.length)) return false;
  const length = decodeString(name.start + 1, name.end - 1, wanted.start);
  return length == capabilityLength && memory.compare(wanted.start, capability.start, length) == 0;
}

/** Whether the call asks for nothing that this agent lacks. */
function canDo(): bool {
  if (findField(content, "capability", field) && !isOwnCapability(field)) return false;
  if (!findField(content, "requirements", requirements)) return true;
  if (!findField(requirements, "capabilities", field)) return true;
  if (!openArray(field.start, field.end)) return false;
  while (nextElement()) {
    if (!isOwnCapability(value)) return false;
  }
  return true;
}

/** Of the content itself, or of the data of a task. */
function readSize(): f64 {
  if (!findField(content, "size", field) && findField(content, "data", data)) {
    findField(data, "size", field);
  }
  const size = field.number;
  return size > 0 && size <= 1e12 ? size : SIZE_DEFAULT;
}

function refuse(reason: string): i32 {
  beginReply("refuse");
  beginContent();
  writeText('{"reason":"');
  writeText(reason);
  writeText('","capability":');
  writeQuoted(capability.start, capabilityLength);
  writeText("}");
  return sendReply();
}

function bid(): i32 {
  if (readConfig("refuse") && valueIs("true")) return refuse("not taking work");
  if (!canDo()) return refuse("a required capability is missing");
  const size = readSize();
  const speed = readConfigNumber("speed", 10);
  const price = readConfigNumber("price", 1);
  const confidence = min(readConfigNumber("confidence", 0.9), 1);
  beginReply("propose");
  beginContent();
  writeText('{"estimated_time":');
  writeDecimal(size / speed);
  writeText(',"cost":');
  writeDecimal(size * price);
  writeText(',"confidence":');
  writeDecimal(confidence);
  writeText("}");
  return sendReply();
}

/** The work: the primes up to a bound, with the sieve of Eratosthenes. */
function countPrimes(bound: i32): i32 {
  if (!sieve.ensure(<usize>bound + 1)) unreachable();
  memory.fill(sieve.start, 0, <usize>bound + 1);
  let primes = 0;
  for (let n = 2; n <= bound; n++) {
    if (load<u8>(sieve.start + <usize>n) != 0) continue;
    primes++;
    for (let multiple = n * n; multiple <= bound; multiple += n) store<u8>(sieve.start + <usize>multiple, 1);
  }
  return primes;
}

function work(): i32 {
  const bound = <i32>min(readSize(), WORK_LARGEST);
  const primes = countPrimes(bound);
  beginReply("inform");
  beginContent();
  writeText('{"result":"done","primes":');
  writeInteger(primes);
  writeText(',"up_to":');
  writeInteger(bound);
  writeText("}");
  return sendReply();
}

export function handle_message(start: usize, length: usize): i32 {
  if (!readMessage(start, length)) return 1;
  if (performative.is("cfp")) return bid();
  if (performative.is("accept-proposal")) return work();
  if (performative.is("reject-proposal") || isAnswer()) return 0;
  return replyNotUnderstood("this agent takes part in contract nets: send a cfp");
}
