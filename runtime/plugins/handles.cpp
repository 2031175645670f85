#include "runtime/plugins/handles.hpp"

#include "runtime/plugins/answer.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <memory>

namespace patchbay::plugins {
namespace {

constinit HandleTable table;

}  // namespace

HandleTable& handles() { return table; }

size_t open_handles() { return table.size(); }

HandleTable::Slot* HandleTable::slot_of(patchbay_handle handle) const {
    const auto index = handle.bits & index_mask;
    auto* const chunk = chunks_[index / slots_in_chunk].load(std::memory_order_acquire);
    return chunk ? &(*chunk)[index % slots_in_chunk] : nullptr;
}

HandleTable::Slot* HandleTable::take_free(uint32_t& index) {
    auto top = free_.load(std::memory_order_acquire);
    while (static_cast<uint32_t>(top) != 0) {
        index = static_cast<uint32_t>(top) - 1;
        auto* const slot = slot_of({index});
        // Another thread may take this slot meanwhile; then the count of changes differs.
        const auto changes = (top >> 32) + 1;
        const auto next = slot->next_free.load(std::memory_order_relaxed);
        if (free_.compare_exchange_weak(top, (changes << 32) | next, std::memory_order_acq_rel))
            return slot;
    }
    return nullptr;
}

HandleTable::Slot* HandleTable::take_fresh(uint32_t& index) {
    index = fresh_.load(std::memory_order_relaxed);
    do {
        if (index > index_mask) return nullptr;
    } while (!fresh_.compare_exchange_weak(index, index + 1, std::memory_order_relaxed));
    auto& place = chunks_[index / slots_in_chunk];
    if (!place.load(std::memory_order_acquire)) {
        auto chunk = std::make_unique<Chunk>();
        Chunk* none = nullptr;
        if (place.compare_exchange_strong(none, chunk.get(), std::memory_order_acq_rel))
            static_cast<void>(chunk.release());  // the table's, for ever
    }
    return slot_of({index});
}

void HandleTable::give_back(Slot& slot, uint32_t index) {
    auto top = free_.load(std::memory_order_relaxed);
    uint64_t changed = 0;
    do {
        slot.next_free.store(static_cast<uint32_t>(top), std::memory_order_relaxed);
        changed = (((top >> 32) + 1) << 32) | (index + 1);
    } while (!free_.compare_exchange_weak(top, changed, std::memory_order_acq_rel));
}

patchbay_handle HandleTable::add(HandleKind kind, void* object, net::Lane& lane,
                                 std::string_view run_id, const Instance* whose) {
    uint32_t index = 0;
    auto* slot = take_free(index);
    if (!slot) slot = take_fresh(index);
    if (!slot) return {0};

    slot->lane.store(&lane, std::memory_order_relaxed);
    slot->object.store(object, std::memory_order_relaxed);
    slot->whose.store(whose, std::memory_order_relaxed);
    slot->kind.store(kind, std::memory_order_relaxed);
    std::array<char, run_id_words * sizeof(uint64_t)> text{};
    std::copy_n(run_id.data(), std::min(run_id.size(), text.size()), text.data());
    for (size_t i = 0; i < run_id_words; ++i) {
        uint64_t word = 0;
        std::memcpy(&word, text.data() + i * sizeof word, sizeof word);
        slot->run_id[i].store(word, std::memory_order_release);
    }
    const auto generation = slot->word.load(std::memory_order_relaxed) & ~index_mask;
    slot->word.store(generation, std::memory_order_release);
    size_.fetch_add(1, std::memory_order_relaxed);
    return {generation | index};
}

patchbay_status HandleTable::find(patchbay_handle handle, HandleKind kind, void*& object) const {
    const auto* const slot = slot_of(handle);
    if (!slot || !same_generation(slot->word.load(std::memory_order_acquire), handle.bits))
        return PATCHBAY_E_STALE;
    if (slot->kind.load(std::memory_order_relaxed) != kind) return PATCHBAY_E_STALE;
    if (!slot->lane.load(std::memory_order_relaxed)->here()) return PATCHBAY_E_WRONG_THREAD;
    object = slot->object.load(std::memory_order_relaxed);
    return PATCHBAY_OK;
}

patchbay_status HandleTable::find_owner(patchbay_handle handle, void*& object) const {
    const auto status = find(handle, HandleKind::stream, object);
    return status == PATCHBAY_E_STALE ? find(handle, HandleKind::request, object) : status;
}

patchbay_status HandleTable::pin(patchbay_handle handle, unsigned limit, void*& object,
                                 net::Lane*& lane) {
    auto* const slot = slot_of(handle);
    if (!slot) return PATCHBAY_E_STALE;
    auto word = slot->word.load(std::memory_order_acquire);
    do {
        if (!same_generation(word, handle.bits) || (word & sealed_bit)) return PATCHBAY_E_STALE;
        const auto kind = slot->kind.load(std::memory_order_relaxed);
        if (kind != HandleKind::stream && kind != HandleKind::request) return PATCHBAY_E_STALE;
        if ((word & pins_mask) >= limit) return PATCHBAY_E_LIMIT;
    } while (!slot->word.compare_exchange_weak(word, word + 1, std::memory_order_acq_rel));
    object = slot->object.load(std::memory_order_relaxed);
    lane = slot->lane.load(std::memory_order_relaxed);
    return PATCHBAY_OK;
}

void HandleTable::unpin(patchbay_handle handle) {
    const auto before = slot_of(handle)->word.fetch_sub(1, std::memory_order_acq_rel);
    assert((before & pins_mask) > 0);
    static_cast<void>(before);
}

bool HandleTable::seal(patchbay_handle handle, HandleKind kind, net::Lane*& lane) {
    auto* const slot = slot_of(handle);
    if (!slot) return false;
    auto word = slot->word.load(std::memory_order_acquire);
    do {
        if (!same_generation(word, handle.bits) || (word & sealed_bit)) return false;
        if (slot->kind.load(std::memory_order_relaxed) != kind) return false;
    } while (!slot->word.compare_exchange_weak(word, word | sealed_bit, std::memory_order_acq_rel));
    lane = slot->lane.load(std::memory_order_relaxed);
    return true;
}

bool HandleTable::is_current(patchbay_handle handle, HandleKind kind) const {
    const auto* const slot = slot_of(handle);
    return slot && slot->kind.load(std::memory_order_relaxed) == kind &&
           same_generation(slot->word.load(std::memory_order_acquire), handle.bits);
}

bool HandleTable::is_foreign(patchbay_handle handle, const Instance& caller) const {
    const auto* const slot = slot_of(handle);
    if (!slot || !same_generation(slot->word.load(std::memory_order_acquire), handle.bits))
        return false;
    const auto* const whose = slot->whose.load(std::memory_order_acquire);
    // Asked again: had the slot changed hands meanwhile, the generation would have grown.
    return same_generation(slot->word.load(std::memory_order_acquire), handle.bits) &&
           whose != &caller;
}

bool HandleTable::make_stale(patchbay_handle& handle, uint64_t allowed_pins) {
    auto& slot = *slot_of(handle);
    auto word = slot.word.load(std::memory_order_acquire);
    uint64_t next = 0;
    do {
        assert(same_generation(word, handle.bits));
        if ((word & pins_mask) > allowed_pins) return false;
        // Sealed until the next add(): nobody may pin a free slot by guessing.
        next = ((word & ~index_mask) + index_mask + 1) | sealed_bit | (word & pins_mask);
    } while (!slot.word.compare_exchange_weak(word, next, std::memory_order_acq_rel));
    handle.bits = (next & ~index_mask) | (handle.bits & index_mask);
    return true;
}

bool HandleTable::retire(patchbay_handle& handle) { return make_stale(handle, 0); }

void HandleTable::expire(patchbay_handle& handle) { make_stale(handle, pins_mask); }

void HandleTable::free(patchbay_handle handle) {
    auto& slot = *slot_of(handle);
    slot.kind.store(HandleKind::none, std::memory_order_relaxed);
    size_.fetch_sub(1, std::memory_order_release);
    give_back(slot, static_cast<uint32_t>(handle.bits & index_mask));
}

std::string HandleTable::run_id_of(patchbay_handle handle) const {
    const auto* const slot = slot_of(handle);
    if (!slot) return {};
    std::array<char, run_id_words * sizeof(uint64_t)> text{};
    for (size_t i = 0; i < run_id_words; ++i) {
        const auto word = slot->run_id[i].load(std::memory_order_acquire);
        std::memcpy(text.data() + i * sizeof word, &word, sizeof word);
    }
    // Asked after the text was read: had another owner written it, the generation would have grown.
    const auto word = slot->word.load(std::memory_order_acquire);
    const bool in_use = slot->kind.load(std::memory_order_relaxed) != HandleKind::none;
    if (!in_use || !same_generation(word, handle.bits)) return {};
    return {text.data(), strnlen(text.data(), text.size())};
}

}  // namespace patchbay::plugins
