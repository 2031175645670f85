// A scene for each of an upstream's troubles.
#pragma once

#include "runtime/validate/scene.hpp"
#include "runtime/validate/upstream_answers.hpp"

#include <utility>
#include <vector>

namespace patchbay::validate {

using PlayTrouble = void (*)(const Stage& stage, const UpstreamTrouble& trouble);

template <PlayTrouble play, size_t index>
void play_trouble(const Stage& stage) {
    play(stage, upstream_troubles()[index]);
}

// Behind what is in `scenes`.
template <PlayTrouble play>
void add_troubles(std::vector<Scene>& scenes) {
    [&]<size_t... index>(std::index_sequence<index...>) {
        (scenes.push_back({upstream_troubles()[index].name, &play_trouble<play, index>, true,
                           upstream_troubles()[index].large}),
         ...);
    }
    (std::make_index_sequence<upstream_trouble_count>());
}

}  // namespace patchbay::validate
