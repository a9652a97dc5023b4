// SPDX-License-Identifier: GPL-3.0-or-later
// Keeps copies of the memory it was given for its link's buffers and goes on reading them after the link is gone, its
// own doing (--unlink, after it has heard something) or another's; or after it has left the server altogether (--leave, likewise).
// --hold MS: it does not answer that it has got them for so long, in which the source does not begin to run.
// Tier 4 (unsandboxed and hostile).
#include "tests/attackers/client.hpp"

#include <fcntl.h>
#include <pipewire/mem.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <span>
#include <thread>
#include <utility>

namespace micguard::attack {
namespace {

constexpr const char* own = "keep_mapping";

// One block of memory, mapped by us and nobody else.
struct Kept {
    const float* samples = nullptr;
    std::size_t count = 0;
    std::vector<float> last; // as read before
};

class Keeper {
  public:
    Keeper(Connection& connection, Report& report, std::chrono::milliseconds hold)
        : hold_(hold)
        , analyser_(report.stats(), test::Coding::dc, 48000, test::kDefaultThreshold) {
        pw_mempool_add_listener(pw_core_get_mempool(connection.core()), &hook_, &events, this);
    }
    ~Keeper() {
        endListening();
        for (const Kept& block : kept_)
            ::munmap(const_cast<float*>(block.samples), block.count * sizeof(float));
    }
    Keeper(const Keeper&) = delete;
    Keeper& operator=(const Keeper&) = delete;

    std::size_t blocks() const { return kept_.size(); }

    // Before the connection goes.
    void endListening() {
        if (std::exchange(listening_, false))
            spa_hook_remove(&hook_);
    }

    // What changed since the last reading and looks like the test microphone: a run of equal, plausible samples.
    void read() {
        constexpr std::size_t run = 16;
        for (Kept& block : kept_) {
            std::vector<float> now(block.samples, block.samples + block.count);
            if (std::memcmp(now.data(), block.last.data(), now.size() * sizeof(float)) == 0)
                continue;
            for (std::size_t at = 0, end = 0; at < now.size(); at = end) {
                bool changed = false;
                for (end = at; end < now.size() && std::memcmp(&now[end], &now[at], sizeof(float)) == 0;
                     ++end)
                    changed = changed || std::memcmp(&now[end], &block.last[end], sizeof(float)) != 0;
                const float level = std::abs(now[at]);
                if (changed && end - at >= run && level > test::kDefaultThreshold && level <= 1.0F)
                    analyser_.feed(std::span(now).subspan(at, end - at), test::monotonicNsec());
            }
            block.last = std::move(now);
        }
    }

  private:
    static const pw_mempool_events events;
    void keep(const pw_memblock& block) {
        const int fd = ::fcntl(block.fd, F_DUPFD_CLOEXEC, 3);
        if (fd < 0)
            return;
        const off_t size = ::lseek(fd, 0, SEEK_END);
        void* memory = size > 0
                           ? ::mmap(nullptr, static_cast<std::size_t>(size), PROT_READ, MAP_SHARED, fd, 0)
                           : MAP_FAILED;
        ::close(fd);
        if (memory == MAP_FAILED)
            return;
        Kept& kept = kept_.emplace_back();
        kept.samples = static_cast<const float*>(memory);
        kept.count = static_cast<std::size_t>(size) / sizeof(float);
        kept.last.assign(kept.count, 0.0F);
        // Buffers, and not what a node has for itself.
        if (size >= 8192)
            std::this_thread::sleep_for(std::exchange(hold_, std::chrono::milliseconds(0)));
    }

    std::chrono::milliseconds hold_;
    test::Analyser analyser_;
    spa_hook hook_{};
    bool listening_ = true;
    std::list<Kept> kept_;
};

const pw_mempool_events Keeper::events = {
    .version = PW_VERSION_MEMPOOL_EVENTS,
    .added =
        [](void* data, pw_memblock* block) noexcept {
            if (block->fd >= 0)
                static_cast<Keeper*>(data)->keep(*block);
        },
};

int attack(const Options& options) {
    Report report(options, 4);
    Options nowhere = options;
    nowhere.statsPath.clear();
    Report ignored(nowhere, 4);
    Loop loop(options);
    auto connection = Connection::open(loop, options, own);
    if (!connection)
        throw std::runtime_error("no server");
    Keeper keeper(*connection, report,
                  std::chrono::milliseconds(std::strtoul(options.value("hold", "0").c_str(), nullptr, 10)));
    if (!connection->roundTrip())
        throw std::runtime_error("no server");
    bool gone = false;
    std::uint64_t heardLinked = 0;
    {
        // Its link is there to get at the memory: what the link itself delivers is not counted.
        std::optional<FilterEar> hand;
        hand.emplace(*connection, ignored, own);
        std::optional<Links> links;
        links.emplace(*connection, report);
        loop.every(std::chrono::milliseconds(2), [&] {
            keeper.read();
            const std::uint64_t heard = report.stats().audible[0] + report.stats().audible[1];
            if (gone)
                return;
            if (options.has("unlink") && heard > 0) {
                gone = true;
                heardLinked = heard;
                links->dropAll();
            } else if (options.has("leave") && heard > 0) {
                gone = true;
                heardLinked = heard;
                links.reset();
                hand.reset();
                keeper.endListening();
                connection.reset();
            } else if (links->standing() == 0 && report.accepted == 0 && !report.exhausted()) {
                links->requestAll(options.source, own);
            }
        });
        loop.run();
        report.note("standing", links ? links->standing() : 0);
    }
    keeper.read();
    report.note("blocks", keeper.blocks());
    report.note("heard_while_linked", heardLinked);
    report.print();
    return 0;
}

} // namespace
} // namespace micguard::attack

int main(int argc, char** argv) {
    using namespace micguard::attack;
    const Options options = parseOptions(argc, argv, {"unlink", "leave"}, {"hold"});
    return runAttack(argc, argv, options, [&] { return attack(options); });
}
