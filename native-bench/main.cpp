// Baselines for the hot paths: what the same work takes in C++ on the same machine.
// Prints one JSON object per line: {"name", "value", "unit"}, and of a kernel also its "sum".

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>

#include "echo.hpp"
#include "kernels.hpp"
#include "ring.hpp"

namespace {

constexpr uint32_t kRingBytes = 1024 * 1024;
constexpr uint32_t kBatch = 32;
constexpr uint64_t kWindow = 1024;
constexpr int kLooksBeforeYield = 2'000;

// A frame of this length asks the other thread to stop.
constexpr uint32_t kStopBytes = 0;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void report(const char* name, uint64_t operations, double seconds) {
  std::printf("{\"name\":\"%s\",\"value\":%.4f,\"unit\":\"million/s\"}\n", name,
              static_cast<double>(operations) / seconds / 1e6);
  std::fflush(stdout);
}

// Lets others run when there is nothing to do for long: cores may be fewer than threads.
class Idle {
 public:
  void look() {
    if (++looks_ < kLooksBeforeYield) return;
    looks_ = 0;
    std::this_thread::yield();
  }
  void reset() { looks_ = 0; }

 private:
  int looks_ = 0;
};

void push_pop(uint64_t frames) {
  Ring ring(kRingBytes, 1);
  Producer producer(ring);
  Consumer consumer(ring);
  uint8_t message[kMessageBytes];
  build_request(message, 0);
  uint64_t sum = 0;
  const auto start = std::chrono::steady_clock::now();
  for (uint64_t i = 0; i < frames; i++) {
    uint8_t* target = producer.reserve(kMessageBytes);
    check(target != nullptr, "an empty ring has no room");
    std::memcpy(target, message, kMessageBytes);
    producer.commit(kMessageBytes);
    producer.publish();
    check(consumer.next(), "a published frame is not there");
    sum += consumer.payload[0];
    consumer.release();
  }
  const double seconds = seconds_since(start);
  check(sum == frames * kRequest, "a frame has changed");
  report("native_ring_push_pop", frames, seconds);
}

// The other thread: gives each frame to the agent, or sends it back as it is.
void answer_frames(Ring& requests, Ring& replies, EchoAgent* agent) {
  Consumer consumer(requests);
  Producer producer(replies);
  Idle idle;
  for (;;) {
    bool any = false;
    while (consumer.next()) {
      if (consumer.length == kStopBytes) return;
      any = true;
      uint8_t* target = producer.reserve(consumer.length);
      check(target != nullptr, "more frames are under way than the rings hold");
      uint32_t length = consumer.length;
      if (agent != nullptr) {
        length = agent->handle(consumer.payload, consumer.length, target);
      } else {
        std::memcpy(target, consumer.payload, consumer.length);
      }
      producer.commit(length);
    }
    if (any) {
      producer.publish();
      consumer.release();
      idle.reset();
    } else {
      idle.look();
    }
  }
}

void send_batch(Producer& producer, const uint8_t* message, uint64_t sequence) {
  for (uint32_t i = 0; i < kBatch; i++) {
    uint8_t* target = producer.reserve(kMessageBytes);
    check(target != nullptr, "more frames are under way than the rings hold");
    std::memcpy(target, message, kMessageBytes);
    const auto number = static_cast<uint32_t>(sequence + i);
    std::memcpy(target + offsetof(MessageHeader, sequence), &number, sizeof(number));
    producer.commit(kMessageBytes);
  }
  producer.publish();
}

void round_trip(const char* name, uint64_t frames, EchoAgent* agent) {
  Ring requests(kRingBytes, 1);
  Ring replies(kRingBytes, 1);
  std::thread other([&] { answer_frames(requests, replies, agent); });
  Producer producer(requests);
  Consumer consumer(replies);
  uint8_t message[kMessageBytes];
  build_request(message, 0);
  const uint8_t expected = agent != nullptr ? kInform : kRequest;
  Idle idle;
  uint64_t sent = 0;
  uint64_t received = 0;
  const auto start = std::chrono::steady_clock::now();
  while (received < frames) {
    if (sent < frames && sent - received < kWindow) {
      send_batch(producer, message, sent);
      sent += kBatch;
    }
    const uint64_t before = received;
    while (consumer.next()) {
      MessageHeader header;
      std::memcpy(&header, consumer.payload, sizeof(header));
      check(header.sequence == static_cast<uint32_t>(received), "a frame is out of order");
      check(header.performative == expected, "an answer is not the one expected");
      received++;
    }
    consumer.release();
    if (received == before) idle.look();
  }
  const double seconds = seconds_since(start);
  check(producer.reserve(kStopBytes) != nullptr, "no room for the last frame");
  producer.commit(kStopBytes);
  producer.publish();
  other.join();
  report(name, frames, seconds);
}

void echo_alone(uint64_t messages) {
  const auto agent = std::make_unique<EchoAgent>();
  uint8_t message[kMessageBytes];
  uint8_t answer[kMessageBytes];
  build_request(message, 0);
  uint64_t sum = 0;
  const auto start = std::chrono::steady_clock::now();
  for (uint64_t i = 0; i < messages; i++) {
    // Another message each time, so that the work can't be moved out of the loop.
    const auto number = static_cast<uint32_t>(i);
    std::memcpy(message + offsetof(MessageHeader, sequence), &number, sizeof(number));
    sum += agent->handle(message, kMessageBytes, answer);
    sum += answer[offsetof(MessageHeader, sequence)] == (number & 255u) ? 0 : 1;
  }
  const double seconds = seconds_since(start);
  check(sum == messages * kMessageBytes, "an answer is wrong");
  report("native_echo", messages, seconds);
}

// Runs one kernel again and again for a time and prints what one run takes.
int run_kernel(const char* name, int32_t argument, double seconds) {
  for (const auto& kernel : kernels::kAll) {
    if (std::strcmp(kernel.name, name) != 0) continue;
    // What the compiler can't know, so that each run is made.
    volatile int32_t work = argument;
    volatile uint32_t sum = kernel.run(work);
    uint64_t runs = 0;
    const auto start = std::chrono::steady_clock::now();
    double taken = 0;
    do {
      sum = kernel.run(work);
      runs++;
      taken = seconds_since(start);
    } while (taken < seconds);
    std::printf("{\"name\":\"native_kernel_%s\",\"value\":%.4f,\"unit\":\"us/call\",\"sum\":%d}\n",
                name, taken * 1e6 / static_cast<double>(runs), static_cast<int32_t>(sum));
    return 0;
  }
  std::fprintf(stderr, "native-bench: no kernel '%s'\n", name);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 5 && std::strcmp(argv[1], "--kernel") == 0) {
    return run_kernel(argv[2], std::atoi(argv[3]), std::atof(argv[4]));
  }
  const bool smoke = argc == 2 && std::strcmp(argv[1], "--smoke") == 0;
  if (argc > 1 && !smoke) {
    std::fprintf(stderr, "usage: native-bench [--smoke | --kernel NAME ARGUMENT SECONDS]\n");
    return 2;
  }
  // Multiples of the batch.
  const uint64_t frames = smoke ? 32'000 : 9'600'000;
  push_pop(frames);
  round_trip("native_ring_round_trip", frames, nullptr);
  const auto agent = std::make_unique<EchoAgent>();
  round_trip("native_ring_echo_round_trip", frames, agent.get());
  echo_alone(frames);
  return 0;
}
