// All tests, in the order in which they run.
#include "runtime/validate/test_case.hpp"

#include <algorithm>
#include <iterator>

namespace patchbay::validate {

std::vector<TestCase> all_tests() {
    std::vector<TestCase> all;
    for (const auto tests : {static_tests(), load_tests(), config_tests(), provider_tests(),
                             upstream_tests(), auth_tests(), conduct_tests()})
        std::ranges::copy(tests, std::back_inserter(all));
    return all;
}

}  // namespace patchbay::validate
