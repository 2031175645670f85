// The C++ plugin that is kept of each release: a provider over the C++ layer, that does a little of
// everything: an answer inside open(), a timer, a post, an exception, an error.
#include <patchbay/provider.hpp>
#include <patchbay/timer.hpp>

#include <stdexcept>

namespace {

using namespace std::chrono_literals;

class Answer : public patchbay::Chat {
public:
    using Chat::Chat;

    void begin() {
        stream().text("At once, ");
        const auto timer = patchbay::start_timer(stream(), 1ms, [this](bool cancelled) {
            if (!cancelled) on_time();
        });
        if (!timer) fail(timer.error());
    }

private:
    void on_time() {
        stream().text("in time, ");
        const auto posted = stream().post([this](bool cancelled) {
            if (cancelled) return;
            stream().text("posted.");
            finish(patchbay::FinishReason::stop);
        });
        if (!posted) fail(posted.error());
    }
};

class Fossil : public patchbay::Provider {
public:
    explicit Fossil(const patchbay::Host&) {}

    patchbay::Status open(const patchbay::ChatRequest& request, patchbay::Stream stream) override {
        if (request.model == "none")
            return patchbay::failure(patchbay::ErrorCode::model_not_found, "no such model");
        if (request.model == "throws") throw std::runtime_error("as it was told");
        auto answer = std::make_unique<Answer>(stream);
        answer->begin();
        return answer;
    }
};

}  // namespace

PATCHBAY_PLUGIN(Fossil, {.id = "org.example.fossil", .version = "1.0.0"});
