// The ring of src/ring/layout.ts between two native threads: same frames, same padding, same
// checks, same order of stores and loads. It has no sleep, since nothing here waits for long.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>

inline void check(bool condition, const char* message) {
  if (condition) return;
  std::fprintf(stderr, "native-bench: %s\n", message);
  std::abort();
}

constexpr uint32_t kHeaderBytes = 8;
constexpr uint32_t kPaddingFlag = 0x80000000u;

constexpr uint32_t frame_bytes(uint32_t payload_bytes) {
  return kHeaderBytes + ((payload_bytes + 7u) & ~7u);
}

// What both ends share. Each word that is written often has two cache lines of its own.
struct Ring {
  Ring(uint32_t capacity_bytes, uint32_t generation)
      : capacity_bytes(capacity_bytes),
        generation(generation),
        // Words of 64 bits, so that frames are aligned to 8 bytes.
        words(new uint64_t[capacity_bytes / 8]()),
        data(reinterpret_cast<uint8_t*>(words.get())) {
    check((capacity_bytes & (capacity_bytes - 1)) == 0, "capacity is not a power of two");
  }

  const uint32_t capacity_bytes;
  const uint32_t generation;
  const std::unique_ptr<uint64_t[]> words;
  uint8_t* const data;
  alignas(128) std::atomic<uint32_t> tail{0};
  alignas(128) std::atomic<uint32_t> head{0};
};

class Producer {
 public:
  explicit Producer(Ring& ring) : ring_(ring), mask_(ring.capacity_bytes - 1) {}

  // Where a payload of at most `most_bytes` may be written; nullptr when there is no room now.
  uint8_t* reserve(uint32_t most_bytes) {
    const uint32_t frame = frame_bytes(most_bytes);
    check(frame <= ring_.capacity_bytes / 2, "a frame is over the ring's limit");
    const uint32_t room = ring_.capacity_bytes - (cursor_ & mask_);
    padding_ = room < frame ? room : 0;
    if (padding_ + frame > ring_.capacity_bytes - (cursor_ - head_)) {
      load_head();
      if (padding_ + frame > ring_.capacity_bytes - (cursor_ - head_)) return nullptr;
    }
    return ring_.data + ((cursor_ + padding_) & mask_) + kHeaderBytes;
  }

  void commit(uint32_t length) {
    if (padding_ > 0) {
      write_header((padding_ - kHeaderBytes) | kPaddingFlag);
      cursor_ += padding_;
    }
    write_header(length);
    cursor_ += frame_bytes(length);
  }

  void publish() {
    // The same total order as JavaScript's Atomics.store.
    ring_.tail.store(cursor_, std::memory_order_seq_cst);
    published_ = cursor_;
  }

 private:
  void load_head() {
    head_ = ring_.head.load(std::memory_order_seq_cst);
    check((head_ & 7) == 0 && published_ - head_ <= ring_.capacity_bytes, "head is corrupt");
  }

  void write_header(uint32_t length) {
    auto* header = reinterpret_cast<uint32_t*>(ring_.data + (cursor_ & mask_));
    header[0] = length;
    header[1] = length ^ cursor_ ^ ring_.generation;
  }

  Ring& ring_;
  const uint32_t mask_;
  uint32_t cursor_ = 0;
  uint32_t published_ = 0;
  uint32_t head_ = 0;
  uint32_t padding_ = 0;
};

class Consumer {
 public:
  explicit Consumer(Ring& ring) : ring_(ring), mask_(ring.capacity_bytes - 1) {}

  // Moves to the next published frame; false when there is none.
  bool next() {
    if (cursor_ == tail_) {
      tail_ = ring_.tail.load(std::memory_order_seq_cst);
      check((tail_ & 7) == 0 && tail_ - released_ <= ring_.capacity_bytes, "tail is corrupt");
      if (cursor_ == tail_) return false;
    }
    uint32_t word = read_header();
    if ((word & kPaddingFlag) != 0) {
      const uint32_t frame = (word & ~kPaddingFlag) + kHeaderBytes;
      check(frame < tail_ - cursor_, "padding runs past the tail");
      cursor_ += frame;
      word = read_header();
    }
    const uint32_t start = cursor_ & mask_;
    check(word <= ring_.capacity_bytes && frame_bytes(word) <= tail_ - cursor_ &&
              frame_bytes(word) <= ring_.capacity_bytes - start,
          "a frame has an impossible length");
    payload = ring_.data + start + kHeaderBytes;
    length = word;
    cursor_ += frame_bytes(word);
    return true;
  }

  void release() {
    if (cursor_ == released_) return;
    ring_.head.store(cursor_, std::memory_order_seq_cst);
    released_ = cursor_;
  }

  const uint8_t* payload = nullptr;
  uint32_t length = 0;

 private:
  uint32_t read_header() const {
    const auto* header = reinterpret_cast<const uint32_t*>(ring_.data + (cursor_ & mask_));
    check(header[1] == (header[0] ^ cursor_ ^ ring_.generation), "the seal of a frame is wrong");
    return header[0];
  }

  Ring& ring_;
  const uint32_t mask_;
  uint32_t cursor_ = 0;
  uint32_t released_ = 0;
  uint32_t tail_ = 0;
};
