// What an echo agent does with one message, without a sandbox around it: the message is copied
// in, an answer with sender and receiver swapped and the same content is built, and copied out.
// Nothing is parsed: a header says where the fields are.
#pragma once

#include <cstdint>
#include <cstring>

struct MessageHeader {
  uint8_t performative;
  uint8_t reserved;
  uint16_t sender_bytes;
  uint16_t receiver_bytes;
  uint16_t conversation_bytes;
  uint32_t content_bytes;
  uint32_t sequence;
};
static_assert(sizeof(MessageHeader) == 16, "the header has no holes");

constexpr uint8_t kRequest = 1;
constexpr uint8_t kInform = 2;
constexpr uint32_t kMessageBytes = 200;

// A message of 200 bytes, as small ones are. Its fields follow the header in the header's order.
inline void build_request(uint8_t* target, uint32_t sequence) {
  static const char kSender[] = "client_01HF8Z3V9Q";
  static const char kReceiver[] = "agent_01HF8Z3VAR";
  static const char kConversation[] = "conv_01HF8Z3VBS";
  MessageHeader header{};
  header.performative = kRequest;
  header.sender_bytes = sizeof(kSender) - 1;
  header.receiver_bytes = sizeof(kReceiver) - 1;
  header.conversation_bytes = sizeof(kConversation) - 1;
  header.sequence = sequence;
  const uint32_t fields = header.sender_bytes + header.receiver_bytes + header.conversation_bytes;
  header.content_bytes = kMessageBytes - sizeof(header) - fields;
  uint8_t* at = target;
  const auto put = [&at](const void* source, size_t bytes) {
    std::memcpy(at, source, bytes);
    at += bytes;
  };
  put(&header, sizeof(header));
  put(kSender, header.sender_bytes);
  put(kReceiver, header.receiver_bytes);
  put(kConversation, header.conversation_bytes);
  std::memset(at, 'x', header.content_bytes);
}

class EchoAgent {
 public:
  // Handles one message and writes the answer. Returns the answer's length.
  uint32_t handle(const uint8_t* message, uint32_t length, uint8_t* answer) {
    std::memcpy(memory_, message, length);
    MessageHeader header;
    std::memcpy(&header, memory_, sizeof(header));
    const uint8_t* sender = memory_ + sizeof(header);
    const uint8_t* receiver = sender + header.sender_bytes;
    const uint8_t* rest = receiver + header.receiver_bytes;

    MessageHeader reply = header;
    reply.performative = kInform;
    reply.sender_bytes = header.receiver_bytes;
    reply.receiver_bytes = header.sender_bytes;
    uint8_t* at = answer;
    const auto put = [&at](const void* source, size_t bytes) {
      std::memcpy(at, source, bytes);
      at += bytes;
    };
    put(&reply, sizeof(reply));
    put(receiver, header.receiver_bytes);
    put(sender, header.sender_bytes);
    put(rest, header.conversation_bytes + header.content_bytes);
    return static_cast<uint32_t>(at - answer);
  }

 private:
  uint8_t memory_[64 * 1024] = {};
};
