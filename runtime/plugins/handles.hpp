// Handles: how plugins name the host's objects, so that a late call finds nothing instead of
// freed memory.
//
// Layout     64 bits: generation (44) | slot (20). A slot's generation grows with each use, and
//            starts at 1: no handle is ever 0.
// Threads    add, find, and what ends a handle belong to the lane of the object. Everything that
//            is marked [any-thread] reads and writes one atomic word per slot; nothing locks.
#pragma once

#include "runtime/net/lane.hpp"

#include <patchbay/abi/error.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace patchbay::plugins {

class Instance;

enum class HandleKind : uint32_t { none, stream, request, call, timer, child, tool_call, filter };

class HandleTable {
public:
    // Names `object`, which lives on `lane` and is `whose`. The handle is 0 when 1,048,576 are in
    // use. At most 40 bytes of `run_id` are kept, for logs.
    patchbay_handle add(HandleKind kind, void* object, net::Lane& lane, std::string_view run_id,
                        const Instance* whose = nullptr);

    // The object behind a handle, for a [lane] call. OK, STALE or WRONG_THREAD. [any-thread]
    patchbay_status find(patchbay_handle handle, HandleKind kind, void*& object) const;
    patchbay_status find_owner(patchbay_handle handle, void*& object) const;  // stream or request

    // Takes one of `limit` pins: until unpin() the slot keeps its object and lane. OK, STALE (also
    // when sealed) or LIMIT. [any-thread]
    patchbay_status pin(patchbay_handle handle, unsigned limit, void*& object, net::Lane*& lane);
    void unpin(patchbay_handle handle);

    // From now on pin() says STALE, while find() still finds. False when it was sealed already, is
    // stale or of another kind; `lane` is set when true. [any-thread]
    bool seal(patchbay_handle handle, HandleKind kind, net::Lane*& lane);
    bool is_current(patchbay_handle handle, HandleKind kind) const;  // [any-thread]

    // Whether it names an object of another than `caller`. [any-thread]
    bool is_foreign(patchbay_handle handle, const Instance& caller) const;

    // Makes the handle stale; false, and nothing, while pins are out. On success, and from
    // expire(), comes the name by which the owner itself goes on: unpin() and free() want it.
    bool retire(patchbay_handle& handle);
    void expire(patchbay_handle& handle);  // although pins are out

    // Frees the slot of a handle that was retired.
    void free(patchbay_handle handle);

    // The run id that the handle was added with; "" when it is stale. [any-thread]
    std::string run_id_of(patchbay_handle handle) const;

    size_t size() const { return size_.load(std::memory_order_acquire); }  // [any-thread]

private:
    static constexpr size_t run_id_words = 5;
    static constexpr unsigned slot_bits = 20;
    static constexpr size_t slots_in_chunk = 1024;
    static constexpr size_t chunk_count = (size_t{1} << slot_bits) / slots_in_chunk;

    // All members are atomic: other threads read them while a slot changes hands, and find out by
    // the generation that what they read is void.
    struct alignas(64) Slot {
        std::atomic<uint64_t> word{1u << slot_bits};  // generation | sealed (bit 16) | pins
        std::atomic<net::Lane*> lane{nullptr};
        std::atomic<void*> object{nullptr};
        std::atomic<const Instance*> whose{nullptr};
        std::atomic<HandleKind> kind{HandleKind::none};
        std::atomic<uint32_t> next_free{0};  // index + 1; 0 = the last
        std::array<std::atomic<uint64_t>, run_id_words> run_id{};
    };
    using Chunk = std::array<Slot, slots_in_chunk>;

    static constexpr uint64_t index_mask = (uint64_t{1} << slot_bits) - 1;
    static constexpr uint64_t sealed_bit = 1u << 16;
    static constexpr uint64_t pins_mask = sealed_bit - 1;
    static bool same_generation(uint64_t left, uint64_t right) {
        return ((left ^ right) >> slot_bits) == 0;
    }

    Slot* slot_of(patchbay_handle handle) const;
    bool make_stale(patchbay_handle& handle, uint64_t allowed_pins);
    Slot* take_free(uint32_t& index);
    Slot* take_fresh(uint32_t& index);
    void give_back(Slot& slot, uint32_t index);

    std::array<std::atomic<Chunk*>, chunk_count> chunks_{};  // never freed
    std::atomic<uint64_t> free_{0};   // a stack: changes (32) | index + 1 of its top (32)
    std::atomic<uint32_t> fresh_{0};  // slots that were ever in use
    std::atomic<size_t> size_{0};
};

// The process's table. Lives for ever: a plugin's thread may come late.
HandleTable& handles();

}  // namespace patchbay::plugins
