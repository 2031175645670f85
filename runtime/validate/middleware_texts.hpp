// What a middleware makes of texts, wherever they are cut and wherever they end.
#pragma once

#include "runtime/validate/scene.hpp"

namespace patchbay::validate {

// Waits for the verdict about a turn, and notes when it does not come.
void settle(const Stage& stage, testing::FakeTurn& turn);

// A turn that was let through, nullptr when it was refused.
testing::FakeTurn* pass_turn(const Stage& stage, const testing::TurnInput& input = {});

// Ends its answer, and waits until it is closed.
void end_turn(const Stage& stage, testing::FakeTurn& turn, uint32_t reason = PATCHBAY_FINISH_STOP);

// Scenes: the whole of what is shown is the same wherever the text was cut, and what was held is
// shown at the end.
void cut_everywhere(const Stage& stage);
void end_everywhere(const Stage& stage);

}  // namespace patchbay::validate
