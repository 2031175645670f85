// All tests, in the order in which they run.
#include "runtime/validate/test_case.hpp"

#include <algorithm>
#include <iterator>

namespace patchbay::validate {

std::vector<TestCase> all_tests() {
    std::vector<TestCase> all;
    for (const auto tests :
         {static_tests(), load_tests(), config_tests(), apart_tests(), answer_tests(),
          offer_tests(), upstream_tests(), auth_tests(), middleware_tests(), exporter_tests(),
          conduct_tests(), leftover_tests(), many_tests()})
        std::ranges::copy(tests, std::back_inserter(all));
    return all;
}

}  // namespace patchbay::validate
