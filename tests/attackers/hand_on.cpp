// SPDX-License-Identifier: GPL-3.0-or-later
// Effects that do nothing: takes the microphone in and puts it out again, in one node, as JACK's clients and EasyEffects' filters
// do. No attack by itself (tier 2): for those who would hear by its outputs what they may not hear from the microphone.
#include "tests/attackers/client.hpp"

#include <cstring>
#include <stdexcept>

namespace micguard::attack {
namespace {

constexpr const char* own = "hand_on";

class Passage {
  public:
    explicit Passage(Connection& connection) {
        filter_ = pw_filter_new(connection.core(), own,
                                pw_properties_new(PW_KEY_NODE_NAME, own, PW_KEY_MEDIA_TYPE, "Audio",
                                                  PW_KEY_MEDIA_ROLE, "DSP", nullptr));
        if (filter_ == nullptr)
            throw std::runtime_error("no filter");
        pw_filter_add_listener(filter_, &hook_, &events, this);
        in_ = addPort(PW_DIRECTION_INPUT, "in");
        out_ = addPort(PW_DIRECTION_OUTPUT, "out");
        if (pw_filter_connect(filter_, PW_FILTER_FLAG_RT_PROCESS, nullptr, 0) < 0)
            throw std::runtime_error("cannot connect the filter");
    }
    ~Passage() {
        spa_hook_remove(&hook_);
        pw_filter_destroy(filter_);
    }
    Passage(const Passage&) = delete;
    Passage& operator=(const Passage&) = delete;

  private:
    void* addPort(spa_direction direction, const char* name) {
        void* port = pw_filter_add_port(
            filter_, direction, PW_FILTER_PORT_FLAG_MAP_BUFFERS, 1,
            pw_properties_new(PW_KEY_FORMAT_DSP, "32 bit float mono audio", PW_KEY_PORT_NAME, name, nullptr),
            nullptr, 0);
        if (port == nullptr)
            throw std::runtime_error("no port");
        return port;
    }

    static const pw_filter_events events;
    pw_filter* filter_ = nullptr;
    void* in_ = nullptr;
    void* out_ = nullptr;
    spa_hook hook_{};
};

const pw_filter_events Passage::events = {
    .version = PW_VERSION_FILTER_EVENTS,
    .process =
        [](void* data, spa_io_position* position) noexcept {
            auto& self = *static_cast<Passage*>(data);
            const auto count = static_cast<std::uint32_t>(position->clock.duration);
            const auto* heard = static_cast<const float*>(pw_filter_get_dsp_buffer(self.in_, count));
            auto* said = static_cast<float*>(pw_filter_get_dsp_buffer(self.out_, count));
            if (said == nullptr)
                return;
            if (heard != nullptr)
                std::memcpy(said, heard, count * sizeof(float));
            else
                std::memset(said, 0, count * sizeof(float));
        },
};

int attack(const Options& options) {
    Report report(options, 2);
    Loop loop(options);
    const auto connection = Connection::open(loop, options, own);
    if (!connection || !connection->roundTrip())
        throw std::runtime_error("no server");
    const Passage passage(*connection);
    Links links(*connection, report);
    loop.every(std::chrono::milliseconds(10), [&] {
        if (links.standing() == 0)
            links.requestAll(options.source, own);
        if (connection->lost())
            loop.end();
    });
    loop.run();
    report.note("standing", links.standing());
    report.print();
    return 0;
}

} // namespace
} // namespace micguard::attack

int main(int argc, char** argv) {
    using namespace micguard::attack;
    const Options options = parseOptions(argc, argv);
    return runAttack(argc, argv, options, [&] { return attack(options); });
}
