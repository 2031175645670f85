// What the check of a handle costs that a plugin comes with.
#include "runtime/plugins/handles.hpp"
#include "runtime/net/lane.hpp"
#include "runtime/net/resolver.hpp"

#include <benchmark/benchmark.h>

#include <future>

namespace {

using namespace patchbay;

void handle_check(benchmark::State& state) {
    net::Resolver resolver;
    net::Lane lane(0, resolver);
    lane.start();
    std::promise<void> done;
    lane.post([&] {  // a handle is good on its own lane only
        plugins::HandleTable table;
        int object = 0;
        auto handle = table.add(plugins::HandleKind::stream, &object, lane, "run");
        void* found = nullptr;
        for (auto _ : state) {
            const auto status = table.find(handle, plugins::HandleKind::stream, found);
            benchmark::DoNotOptimize(status);
        }
        if (found != &object) state.SkipWithError("the handle was not found");
        if (table.retire(handle)) table.free(handle);
        done.set_value();
    });
    done.get_future().wait();
    lane.stop();
}
BENCHMARK(handle_check);

}  // namespace
